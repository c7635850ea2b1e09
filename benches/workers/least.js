import handler from "./bare.js";

// The least that can be known of a request, and nothing done with it: what no library can go below.
const last = {};

export default {
  fetch(request, env, ctx) {
    last.startMs = Date.now();
    last.path = request.url;
    last.method = request.method;
    last.traceparent = request.headers.get("traceparent");
    const answer = handler.fetch(request, env, ctx);
    answer.then(({ status }) => {
      last.status = status;
      last.endMs = Date.now();
    });
    return answer;
  },
};
