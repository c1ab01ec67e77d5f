/* What views drawn on a canvas share: bytes out of text, and colours out of the style sheet. */
function bytes(text) {
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) found[place] = letters.charCodeAt(place);
  return found;
}

/* One of 64 shades a letter, as places in a palette. */
function shadesOf(text) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const place = new Uint8Array(128);
  for (let shade = 0; shade < 64; shade += 1) place[letters.charCodeAt(shade)] = Math.round((shade / 63) * 255);
  const found = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) found[at] = place[text.charCodeAt(at)];
  return found;
}

/* Half precision to numbers. */
function halves(text) {
  const words = new Uint16Array(bytes(text).buffer);
  const found = new Float32Array(words.length);
  for (let place = 0; place < words.length; place += 1) {
    const power = (words[place] >> 10) & 31;
    const part = words[place] & 1023;
    found[place] = power ? 2 ** (power - 15) * (1 + part / 1024) : 2 ** -14 * (part / 1024);
  }
  return found;
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

/* A share of one, as views/numbers.py writes it. */
function percents(share) {
  const hundred = 100 * share;
  let number = hundred < 10 ? String(Number(hundred.toPrecision(2))) : hundred.toFixed(hundred >= 99.5 && hundred < 100 ? 1 : 0);
  if (hundred > 0 && hundred < 0.01) number = "< 0.01";
  if (hundred > 99.9 && hundred < 100) number = "> 99.9";
  return `${number}\u202f%`;
}
