function candidateBars(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const list = make("ul", "tk-bars");
  let rows = [];
  let active = 0;

  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What the model would say; Enter explains one");

  function bar(share) {
    const drawing = makeSvg("svg", { "aria-hidden": "true" });
    drawing.append(makeSvg("rect", { width: `${100 * share}%`, height: "100%" }));
    return drawing;
  }

  function row(candidate) {
    const kinds = { explained: "tk-chosen", "rather than": "tk-contrast" };
    const line = make("li", kinds[candidate.role] || "");
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(candidate.role === "explained"));
    line.setAttribute("aria-label", candidate.label);
    line.append(make("bdi", "", candidate.name), bar(candidate.share));
    line.append(make("data", "", candidate.number), make("small", "", candidate.role));
    return line;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.bars && value.bars.length))) return;
    const focused = list.contains(document.activeElement);
    rows = value.bars.map(row);
    active = Math.min(active, rows.length - 1);
    rove(rows, active);
    list.replaceChildren(...rows);
    if (value.rest) {
      const rest = make("li", "tk-rest");
      rest.setAttribute("role", "presentation");
      rest.append(make("span", "", "everything else"), make("span"), make("data", "", value.rest), make("small"));
      list.append(rest);
    }
    if (list.parentNode !== root) root.replaceChildren(list);
    if (focused) rows[active].focus();
  }

  function go(place) {
    active = Math.max(0, Math.min(place, rows.length - 1));
    rove(rows, active);
    rows[active].focus();
  }

  function pick() {
    const candidate = props.value.bars[active];
    trigger("select", { index: candidate.index, value: candidate.value });
  }

  list.addEventListener("keydown", (event) => {
    const targets = {
      ArrowDown: () => go(active + 1),
      ArrowUp: () => go(active - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: pick,
      " ": pick,
    };
    if (!targets[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    targets[event.key]();
  });
  list.addEventListener("click", (event) => {
    const place = rows.indexOf(event.target.closest("li"));
    if (place < 0) return;
    go(place);
    pick();
  });

  watch(["value", "state"], render);
  render();
}

candidateBars(element, trigger, unpacked(props), watch);
