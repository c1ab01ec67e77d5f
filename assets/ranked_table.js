function rankedTable(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const FIELDS = { number: "score", bar: "score", error: "stderr" };
  let sortedBy = "rank";
  let upwards = true;

  function compare(key) {
    const field = FIELDS[key] || key;
    return (one, other) => {
      if (typeof one[field] === "number") return one[field] - other[field];
      return String(one[field]).localeCompare(String(other[field]));
    };
  }

  function head(columns) {
    const line = make("tr");
    for (const [key, title] of columns) {
      const cell = make("th", `tk-col-${key}`);
      if (!title) {
        line.append(cell);
        continue;
      }
      const button = make("button", "", title);
      cell.scope = "col";
      button.type = "button";
      button.dataset.key = key;
      if (key === sortedBy) cell.setAttribute("aria-sort", upwards ? "ascending" : "descending");
      button.addEventListener("click", () => {
        upwards = key === sortedBy ? !upwards : !FIELDS[key];
        sortedBy = key;
        render();
        root.querySelector(`button[data-key="${key}"]`).focus();
      });
      cell.append(button);
      line.append(cell);
    }
    const top = make("thead");
    top.append(line);
    return top;
  }

  function bar(facts) {
    const drawing = makeSvg("svg", { class: facts.class, "aria-hidden": "true" });
    for (const span of [facts.score, facts.error]) {
      if (span) drawing.append(makeSvg("rect", { x: `${span[0]}%`, width: `${span[1]}%` }));
    }
    return drawing;
  }

  function cell(row, key) {
    const box = make("td", `tk-col-${key}`);
    if (key === "token") box.append(make("bdi", "", row.token));
    else if (key === "bar") box.append(bar(row.bar));
    else box.textContent = row[key];
    return box;
  }

  function sum([name, number], columns) {
    const line = make("tr", "tk-sum");
    const title = make("th", "", name);
    const place = columns.findIndex(([key]) => key === "number");
    title.scope = "row";
    title.colSpan = place;
    line.append(title, make("td", "", number));
    line.append(...columns.slice(place + 1).map(([key]) => make("td", `tk-col-${key}`)));
    return line;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.rows))) return;
    const scrolled = root.querySelector(".tk-scroll")?.scrollTop || 0;
    const table = make("table", "tk-table");
    const body = make("tbody");
    const foot = make("tfoot");
    const rows = [...value.rows].sort(compare(sortedBy));
    if (!upwards) rows.reverse();
    for (const row of rows) {
      const line = make("tr");
      line.append(...value.columns.map(([key]) => cell(row, key)));
      body.append(line);
    }
    foot.append(...value.totals.map((total) => sum(total, value.columns)));
    table.append(head(value.columns), body, foot);
    const box = make("div", "tk-scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", value.title || "Tokens by score");
    box.append(table);
    root.replaceChildren(box, ...(value.note ? [make("p", "tk-doubt", value.note)] : []));
    box.scrollTop = scrolled;
  }

  watch(["value", "state"], render);
  render();
}

rankedTable(element, trigger, unpacked(props), watch);
