// Elements, made and found. Texts are always set as text: whatever a label holds, it stays one.

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export const counted = (number) => number.toLocaleString("en");

/** Numbers as people read them: four digits, or 1.2e-7. */
export const figures = (value) =>
  value !== 0 && Math.abs(value) < 1e-4
    ? value.toExponential(1)
    : Number(value.toPrecision(3)).toString();

/** The browser saves `blob` under a name. */
export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
