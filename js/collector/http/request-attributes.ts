import { headerOf } from "../../runtime/members.ts";
import type { Attributes, AttributeValue, RequestAttributesOptions } from "../../types/attributes.ts";
import { TidegateError } from "../../types/error.ts";
import { copyOf, type Shape, stringsOf } from "../check.ts";

const SHAPE: Shape = { headers: ["array"], cf: ["array"] };
/** What they hold lets whoever reads it in. */
const SECRET = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/**
 * A function for the option `attributes` of adapters, which reads the headers and the fields of `request.cf` that you list,
 * and nothing else: as `http.request.header.<name>` and `cf.<field>`. What a request does not have is left out.
 *
 * Throws TidegateError `config/type` for a list that is none of strings, and for headers that hold credentials.
 *
 * @example
 * instrument(tide, handler, { attributes: requestAttributes({ headers: ["x-plan"], cf: ["colo", "country"] }) });
 */
export function requestAttributes(options: RequestAttributesOptions): (request: object) => Attributes {
  const given = copyOf<RequestAttributesOptions>(options, SHAPE, "requestAttributes.");
  const names = stringsOf(given.headers, "requestAttributes.headers").map((name) => name.toLowerCase());
  const fields = stringsOf(given.cf, "requestAttributes.cf");
  const secret = names.find((name) => SECRET.includes(name));
  if (secret !== undefined) {
    throw new TidegateError("config/type", `requestAttributes.headers: ${secret} holds credentials`);
  }
  return (request) => {
    const { headers, cf } = request as Readonly<{ headers?: object; cf?: Record<string, AttributeValue> }>;
    const found: Record<string, AttributeValue | undefined> = {};
    for (const name of names) found[`http.request.header.${name}`] = headerOf(headers ?? {}, name);
    for (const field of fields) found[`cf.${field}`] = cf?.[field];
    return found;
  };
}
