// Prisma on D1: its statements are events within their request. Before the first start:
//   npx prisma generate && npx wrangler d1 execute db --local --file schema.sql
import { PrismaD1 } from "@prisma/adapter-d1";
import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";
import { PrismaClient } from "./generated/client";

const tide = createCollector((env) => ({
  service: { name: "prisma" },
  sinks: [ndjson({ url: env.EVENTS_URL })],
}));

export default instrument(
  tide,
  {
    async fetch(request, env) {
      const prisma = new PrismaClient({ adapter: new PrismaD1(tide.d1(env.DB)) });
      const id = Number(new URL(request.url).pathname.split("/")[2]);
      if (request.method === "PUT") {
        const item = await prisma.item.create({ data: { id, name: `a secret of ${id}` } });
        return Response.json(item, { status: 201 });
      }
      const item = await prisma.item.findUnique({ where: { id } });
      return Response.json(item, { status: item === null ? 404 : 200 });
    },
  },
  { route: () => "/items/:id" },
);
