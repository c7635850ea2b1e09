/** The page of the dashboard: js/dashboard/page, bundled. */
declare module "tidegate:page" {
  export const script: string;
  export const style: string;
  export const icon: string;
  /** Of all three. */
  export const hash: string;
}
