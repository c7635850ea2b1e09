import { data } from "react-router";

export const loader = ({ params }) => {
  if (params.id === "0") throw data("none", { status: 404 });
  return params;
};

export default ({ loaderData }) => <h1>{loaderData.id}</h1>;
