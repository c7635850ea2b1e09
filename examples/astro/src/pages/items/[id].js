export const GET = ({ params }) => Response.json(params, { status: params.id === "0" ? 404 : 200 });
