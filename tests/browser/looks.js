"use strict";
// What is measured of a page as it is drawn.
const numbers = (text) => {
  const found = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  return found.length === 3 ? [...found, 1] : found;
};
const laidOver = (top, share, below) => below.map((x, i) => share * top[i] + (1 - share) * x);
const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
  const x = colour[i] / 255;
  return sum + weight * (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
}, 0);
const opacity = (element) => {
  let share = 1;
  for (let e = element; e instanceof Element; e = e.parentElement) share *= Number(getComputedStyle(e).opacity);
  return share;
};
// Colour and opacity of an element where it is drawn over others.
const paint = (element) => {
  const style = getComputedStyle(element);
  if (!(element instanceof SVGElement)) return numbers(style.backgroundColor);
  if (element.tagName === "svg" || style.fill === "none") return [0, 0, 0, 0];
  const [r, g, b, a] = numbers(style.fill);
  return [r, g, b, a * Number(style.fillOpacity) * opacity(element)];
};
const beneath = (element, x, y) => {
  const stack = document.elementsFromPoint(x, y);
  let colour = numbers(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  for (const e of stack.slice(stack.indexOf(element) + 1).reverse()) {
    const [r, g, b, a] = paint(e);
    colour = laidOver([r, g, b], a, colour);
  }
  return colour;
};
// Of every text that shows: what it says, its contrast with all that lies beneath it, and its size.
const contrasts = () => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || /^(script|style)$/i.test(element.tagName) || element.closest(".unseen")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    if (range.getBoundingClientRect().width < 2 || !element.checkVisibility() || !opacity(element)) continue;
    element.scrollIntoView({block: "center"});
    const box = range.getBoundingClientRect(), style = getComputedStyle(element);
    const below = beneath(element, box.x + box.width / 2, box.y + box.height / 2);
    const [r, g, b, a] = numbers(element instanceof SVGElement ? style.fill : style.color);
    const share = a * (element instanceof SVGElement ? Number(style.fillOpacity) : 1) * opacity(element);
    const [dark, bright] = [laidOver([r, g, b], share, below), below].map(luminance).sort((p, q) => p - q);
    found.push([node.data.trim().slice(0, 40), (bright + 0.05) / (dark + 0.05), parseFloat(style.fontSize)]);
  }
  return found;
};
// Of every picture: texts that reach out of it, and pairs of texts that cover each other.
const collisions = () => {
  const found = [];
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const frame = svg.getBoundingClientRect();
    const texts = [];
    for (const text of svg.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      const turn = Number((text.getAttribute("transform") ?? "").match(/rotate\((-?[\d.]+)/)?.[1] ?? 0);
      // The box of a slanted text is much larger than the text.
      if (text.textContent.trim() && box.width && opacity(text) && turn % 90 === 0) texts.push([text.textContent, box, turn]);
    }
    for (const [said, box] of texts) {
      const out = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      if (out > 1) found.push(["cut", said]);
    }
    texts.forEach(([one, a, turn], i) => texts.slice(0, i).forEach(([other, b]) => {
      // An outlined text is drawn twice.
      if (one === other && Math.abs(a.x - b.x) < 1 && Math.abs(a.y - b.y) < 1) return;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // A line's box is taller than its letters.
      const room = 0.3 * (turn % 180 ? Math.min(a.width, b.width) : Math.min(a.height, b.height));
      if (turn % 180 ? across > room && down > 1 : across > 1 && down > room) found.push(["over", one, other]);
    }));
  }
  return found;
};
