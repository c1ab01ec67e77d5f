/* What views drawn on a canvas share: bytes out of text, and colours out of the style sheet. */
function bytes(text) {
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) found[place] = letters.charCodeAt(place);
  return found;
}

/* Half precision to numbers. */
function halves(text) {
  const words = new Uint16Array(bytes(text).buffer);
  return Float32Array.from(words, (word) => {
    const power = (word >> 10) & 31;
    const part = word & 1023;
    return power ? 2 ** (power - 15) * (1 + part / 1024) : 2 ** -14 * (part / 1024);
  });
}

/* 256 colours as pixels: those of the classes, none first, and what lies between them. */
function palette(root, classes) {
  const probe = root.appendChild(make("span", "tk-probe"));
  const stops = classes.map((name) => {
    probe.className = `tk-probe ${name}`;
    return getComputedStyle(probe).backgroundColor.match(/[\d.]+/g).map(Number);
  });
  probe.remove();
  return Uint32Array.from({ length: 256 }, (_, shade) => {
    const at = (shade / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const mixed = [0, 1, 2].map((channel) => stops[low][channel] + (at - low) * (stops[low + 1][channel] - stops[low][channel]));
    return ((255 << 24) | (Math.round(mixed[2]) << 16) | (Math.round(mixed[1]) << 8) | Math.round(mixed[0])) >>> 0;
  });
}

/* Canvases do not follow the style sheet by themselves. */
function onTheme(root, draw) {
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["class"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function threeDigits(value) {
  if (value === 0) return "0";
  if (value < 1e-4) return "< 0.0001";
  return String(Number(value.toPrecision(3)));
}
