import { Outlet } from "react-router";

export default () => (
  <html lang="en">
    <body>
      <Outlet />
    </body>
  </html>
);
