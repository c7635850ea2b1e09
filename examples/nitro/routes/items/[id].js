import { HTTPError } from "nitro/h3";

export default ({ context }) => {
  if (context.params.id === "0") throw new HTTPError({ status: 404 });
  return context.params;
};
