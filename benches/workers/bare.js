export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    // The same for all: what was counted, if anything counts.
    if (pathname === "/__counters") return Response.json(globalThis.counters?.() ?? {});
    return Response.json({ path: pathname });
  },
};
