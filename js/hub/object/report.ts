/** The hub says what is not well, and nothing else. */
export function report(message: string): void {
  console.warn(`tidegate hub: ${message}`);
}
