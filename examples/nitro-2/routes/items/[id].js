import { createError, eventHandler } from "h3";

export default eventHandler(({ context }) => {
  if (context.params.id === "0") throw createError({ statusCode: 404 });
  return context.params;
});
