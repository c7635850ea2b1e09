import { listener } from "tidegate/node";
import { tide } from "../../../tide.js";

export default listener(tide, (request, response) => response.json({ id: request.query.id }));
