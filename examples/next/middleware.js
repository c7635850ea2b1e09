import { withTide } from "tidegate/fetch";
import { tide } from "./tide.js";

export const config = { matcher: "/gate/:path*" };

export const middleware = withTide(tide, () => new Response("no", { status: 403 }));
