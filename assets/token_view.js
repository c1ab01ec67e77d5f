function tokenView(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const text = make("div", "tk-text");
  const foot = make("div", "tk-foot");
  const tip = make("div", "tk-tip");
  let items = [];
  let spans = [];
  let active = 0;
  let pointed = 0;
  let unit = "tokens";

  text.setAttribute("dir", "auto");
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", "Text: arrow keys move from token to token");
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;

  function sameText(next) {
    const alike = (item, index) =>
      item.text === items[index].text && item.gap === items[index].gap && item.added === items[index].added;
    return spans.length > 0 && next.length === items.length && next.every(alike);
  }

  function build(view, tail) {
    const parts = document.createDocumentFragment();
    spans = view.items.map((item, index) => {
      /* The one space before a word stays uncoloured: no sliver of colour hangs at a line's end. */
      const lead = !item.added && /^ \S/.test(item.text) ? " " : "";
      const span = make(item.added ? "bdi" : "span", "", item.text.slice(lead.length));
      span.dataset.place = index;
      span.setAttribute("role", "button");
      parts.append(item.gap + lead);
      parts.append(span);
      return span;
    });
    parts.append(tail || "");
    text.replaceChildren(parts);
    active = Math.min(active, Math.max(spans.length - 1, 0));
    rove(spans, active);
  }

  function dress(span, item) {
    const kinds = [item.bucket];
    if (item.maybe) kinds.push("tk-maybe");
    if (item.pinned) kinds.push("tk-pinned");
    if (item.added) kinds.push("tk-added");
    else if (!item.text) kinds.push("tk-piece");
    else if (item.special) kinds.push("tk-mask");
    const marked = item.mark && item.bucket !== "tk0";
    if (marked) kinds.push("tk-blank");
    span.className = kinds.join(" ");
    span.setAttribute("aria-label", item.label);
    if (marked) span.dataset.mark = item.mark;
    else delete span.dataset.mark;
  }

  function legend(facts) {
    const line = make("div", "tk-legend");
    const scale = make("span", "tk-scale");
    for (const name of facts.classes) scale.append(make("i", name, name === "tk0" ? "0" : ""));
    const part = (tag, name, text) => text && line.append(make(tag, name, text));
    part("span", "tk-away", facts.left);
    part("b", "", facts.low);
    line.append(scale);
    part("b", "", facts.high);
    part("span", "tk-towards", facts.right);
    return line;
  }

  function doubt(sentence) {
    const line = make("p", "tk-doubt");
    line.append(make("u", "", "dotted"), `: ${sentence}`);
    return line;
  }

  function units(value) {
    const choice = make("div", "tk-units");
    choice.setAttribute("role", "group");
    choice.setAttribute("aria-label", "Show scores of");
    for (const name of ["tokens", "words"]) {
      const button = make("button", "", name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(name === unit));
      button.addEventListener("click", () => {
        unit = name;
        spans = [];
        active = 0;
        render();
        foot.querySelector("[aria-pressed=true]").focus();
      });
      choice.append(button);
    }
    return value.words && value.words.items.length !== value.tokens.items.length ? choice : null;
  }

  function drawFoot(value, view) {
    const facts = view.legend;
    const parts = [facts ? legend(facts) : null, units(value), facts && facts.doubt ? doubt(facts.doubt) : null].filter(Boolean);
    const focused = foot.contains(document.activeElement);
    foot.replaceChildren(...parts);
    if (focused) foot.querySelector("[aria-pressed=true]")?.focus();
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.tokens))) {
      spans = [];
      return;
    }
    const view = value[unit] || value.tokens;
    if (!sameText(view.items)) {
      hide();
      build(view, value.tail);
    }
    items = view.items;
    spans.forEach((span, index) => dress(span, items[index]));
    drawFoot(value, view);
    if (text.parentNode !== root) root.replaceChildren(text, foot, tip);
    if (!tip.hidden) show(spans[pointed]);
  }

  function show(span) {
    const place = Number(span.dataset.place);
    const lines = items[place].tip;
    if (!lines.length) return;
    pointed = place;
    tip.replaceChildren(...lines.map((line) => make("div", "", line)));
    tip.hidden = false;
    const box = span.getClientRects()[0] || span.getBoundingClientRect();
    const home = root.getBoundingClientRect();
    const left = box.left - home.left + box.width / 2 - tip.offsetWidth / 2;
    const above = box.top - home.top - tip.offsetHeight - 6;
    const fits = box.top - tip.offsetHeight - 6 > 0;
    tip.style.left = `${Math.max(0, Math.min(left, home.width - tip.offsetWidth))}px`;
    tip.style.top = `${fits ? above : box.bottom - home.top + 6}px`;
  }

  function hide() {
    tip.hidden = true;
  }

  function go(place) {
    active = place;
    rove(spans, place);
    spans[place].focus();
  }

  /* The token nearest in x on the next line up or down. */
  function onOtherLine(from, step) {
    const box = spans[from].getBoundingClientRect();
    const middle = box.left + box.width / 2;
    let best = from;
    let distance = Infinity;
    let line = null;
    for (let place = from + step; place >= 0 && place < spans.length; place += step) {
      const other = spans[place].getBoundingClientRect();
      const apart = step > 0 ? other.top - box.top : box.top - other.top;
      if (apart < box.height / 2) continue;
      if (line === null) line = other.top;
      if (Math.abs(other.top - line) > box.height / 2) break;
      const off = Math.abs(other.left + other.width / 2 - middle);
      if (off < distance) [best, distance] = [place, off];
    }
    return best;
  }

  function pick(span) {
    const item = items[Number(span.dataset.place)];
    trigger("select", { index: item.indices[0], value: item.text, indices: item.indices });
  }

  function spanOf(event) {
    return event.target.closest("[data-place]");
  }

  text.addEventListener("keydown", (event) => {
    const forward = getComputedStyle(text).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const last = spans.length - 1;
    const targets = {
      [forward]: () => go(Math.min(active + 1, last)),
      [back]: () => go(Math.max(active - 1, 0)),
      ArrowDown: () => go(onOtherLine(active, 1)),
      ArrowUp: () => go(onOtherLine(active, -1)),
      Home: () => go(0),
      End: () => go(last),
      Enter: () => pick(spans[active]),
      " ": () => pick(spans[active]),
      Escape: hide,
    };
    if (!targets[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    targets[event.key]();
  });
  text.addEventListener("click", (event) => {
    const span = spanOf(event);
    if (!span || String(getSelection())) return;
    go(Number(span.dataset.place));
    pick(span);
  });
  text.addEventListener("focusin", (event) => {
    active = Number(spanOf(event).dataset.place);
    rove(spans, active);
    show(spans[active]);
  });
  text.addEventListener("focusout", hide);
  text.addEventListener("pointerover", (event) => spanOf(event) && show(spanOf(event)));
  text.addEventListener("pointerout", (event) => spanOf(event) && hide());

  watch(["value", "state"], render);
  render();
}

tokenView(element, trigger, unpacked(props), watch);
