/* One text in several lines, each coloured by another method. What is pointed at in one line is marked in all. */
function tokenLines(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const tip = make("div", "tk-tip");
  let rows = [];
  let drawn = "";

  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;

  /* As in a text that stands alone, the space before a word stays uncoloured. */
  function lead(item) {
    return !item.added && /^ \S/.test(item.text) ? " " : "";
  }

  function spanOf(item, place) {
    const span = make(item.added ? "bdi" : "span", "", item.text.slice(lead(item).length));
    span.dataset.place = place;
    span.setAttribute("role", "button");
    return span;
  }

  function dress(span, item) {
    const kinds = [item.bucket];
    if (item.maybe) kinds.push("tk-maybe");
    if (item.added) kinds.push("tk-added");
    else if (!item.text) kinds.push("tk-piece");
    else if (item.special) kinds.push("tk-mask");
    span.className = kinds.join(" ");
    span.setAttribute("aria-label", item.label);
  }

  function row(line, index) {
    const name = make("div", "tk-compared-by");
    const text = make("div", "tk-text");
    name.append(make("b", "", line.name), " ", make("small", "", line.cost));
    text.setAttribute("dir", "auto");
    text.setAttribute("role", "group");
    text.setAttribute("aria-label", `${line.name}: arrow keys move from token to token`);
    text.dataset.line = index;
    const spans = line.items.map(spanOf);
    line.items.forEach((item, place) => text.append(item.gap + lead(item), spans[place]));
    text.append(line.tail || "");
    rove(spans, 0);
    return { name, text, spans };
  }

  function named({ name }, line) {
    name.lastChild.textContent = line.cost;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.lines))) {
      rows = [];
      drawn = "";
      return;
    }
    const now = JSON.stringify(value.lines.map((line) => [line.method, line.items.map((item) => [item.gap, item.text])]));
    if (now !== drawn) {
      drawn = now;
      hide();
      rows = value.lines.map(row);
      const grid = make("div", "tk-compared");
      grid.append(...rows.flatMap(({ name, text }) => [name, text]));
      root.replaceChildren(grid, make("p", "tk-hint", value.note), tip);
    }
    value.lines.forEach((line, index) => {
      named(rows[index], line);
      line.items.forEach((item, place) => dress(rows[index].spans[place], item));
    });
  }

  function mark(place) {
    for (const { spans } of rows) spans.forEach((span, index) => span.classList.toggle("tk-alike", index === place));
  }

  function show(span) {
    const line = Number(span.parentNode.dataset.line);
    const place = Number(span.dataset.place);
    const facts = props.value.lines[line].items[place].tip;
    tip.replaceChildren(...facts.map((fact) => make("div", "", fact)));
    tip.hidden = false;
    mark(place);
    const box = span.getClientRects()[0] || span.getBoundingClientRect();
    const home = root.getBoundingClientRect();
    const left = Math.min(Math.max(0, box.left - home.left), Math.max(0, home.width - tip.offsetWidth));
    const above = box.top - home.top - tip.offsetHeight - 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${box.top - tip.offsetHeight - 6 < 0 ? box.bottom - home.top + 6 : above}px`;
  }

  function hide() {
    tip.hidden = true;
    mark(-1);
  }

  function target(event) {
    return event.target.closest?.("[data-place]");
  }

  function pick(span) {
    const line = props.value.lines[Number(span.parentNode.dataset.line)];
    trigger("select", { index: Number(span.dataset.place), value: line.method });
  }

  root.addEventListener("pointerover", (event) => (target(event) ? show(target(event)) : hide()));
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusin", (event) => target(event) && show(target(event)));
  root.addEventListener("focusout", hide);
  root.addEventListener("click", (event) => target(event) && pick(target(event)));
  root.addEventListener("keydown", (event) => {
    const span = target(event);
    if (!span || event.ctrlKey || event.metaKey || event.altKey) return;
    const line = Number(span.parentNode.dataset.line);
    const place = Number(span.dataset.place);
    const last = rows[line].spans.length - 1;
    const on = getComputedStyle(span.parentNode).direction === "rtl" ? -1 : 1;
    const places = { ArrowLeft: [line, place - on], ArrowRight: [line, place + on], Home: [line, 0], End: [line, last] };
    const to = { ...places, ArrowUp: [line - 1, place], ArrowDown: [line + 1, place] }[event.key];
    if (event.key === "Escape") hide();
    if (event.key === "Enter") pick(span);
    if (!to) return;
    event.preventDefault();
    const [row, column] = [Math.max(0, Math.min(to[0], rows.length - 1)), Math.max(0, Math.min(to[1], last))];
    rove(rows[row].spans, column);
    rows[row].spans[column].focus();
  });

  watch(["value", "state"], render);
  render();
}

tokenLines(element, trigger, unpacked(props), watch);
