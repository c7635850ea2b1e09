import { error, json } from "@sveltejs/kit";

export const GET = ({ params }) => (params.id === "0" ? error(404) : json(params));
