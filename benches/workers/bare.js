export default {
  async fetch(request) {
    return Response.json({ path: new URL(request.url).pathname });
  },
};
