import { data } from "react-router";

export const loader = ({ params }) => data(params, { status: params.id === "0" ? 404 : 200 });

export default ({ loaderData }) => <h1>{loaderData.id}</h1>;
