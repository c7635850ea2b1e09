import { withTide } from "tidegate/fetch";
import { tide } from "../../../tide.js";

export const runtime = "edge";

export const GET = withTide(tide, async (_request, { params }) => {
  const { id } = await params;
  return Response.json({ id }, { status: id === "0" ? 404 : 200 });
});
