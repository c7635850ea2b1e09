import { withTide } from "tidegate/fetch";
import { tide } from "../../../tide.js";

export const config = { runtime: "edge" };

export default withTide(tide, (request) =>
  Response.json({ id: new URL(request.url).searchParams.get("id") }),
);
