/** The duration of request `number`, as services have them: most short, a few very long. The same wherever it is asked. */
export function durationOf(number) {
  const draw = (salt) => {
    let mixed = Math.imul((number + 1) ^ salt, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  };
  const spread = 5 * Math.exp(2 * (draw(1) + draw(2) + draw(3) - 1.5));
  return draw(4) < 0.01 ? spread * 50 : spread;
}
