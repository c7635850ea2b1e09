/** The documents. Nothing in them comes from a request or from what was measured: the script fills them, as text. */
import { hash } from "tidegate:page";

const head = (title: string, more = "") => `<!doctype html>
<html lang="en"${more}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="icon.${hash}.svg">
<link rel="stylesheet" href="style.${hash}.css">
`;

/** What the page must know before it asks for figures. */
export interface PageFacts {
  readonly isLive: boolean;
  readonly isOneOfMany: boolean;
  readonly hasLogin: boolean;
}

export function pageDocument({ isLive, isOneOfMany, hasLogin }: PageFacts): string {
  const facts = [isLive && " data-live", isOneOfMany && " data-one-of-many", hasLogin && " data-login"];
  return `${head("tidegate", facts.filter(Boolean).join(""))}<script type="module" src="app.${hash}.js"></script>
</head>
<body>
<noscript><p class="notice">The dashboard needs JavaScript. Its figures are in <a href="stats.json">stats.json</a>
and <a href="metrics">metrics</a>.</p></noscript>
</body>
</html>
`;
}

/** `problem`: why the last try was refused. */
export function loginDocument(problem?: string): string {
  const alert = problem === undefined ? "" : `<p class="problem" role="alert">${problem}</p>\n`;
  return `${head("Log in · tidegate")}</head>
<body>
<main class="login">
<h1>tidegate</h1>
<form method="post" action="login">
${alert}<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`;
}
