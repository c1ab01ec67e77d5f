function rankedTable(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  let sortedBy = "rank";
  let upwards = true;

  function compare(key) {
    const field = key === "number" ? "score" : key;
    return (one, other) => {
      if (typeof one[field] === "number") return one[field] - other[field];
      return String(one[field]).localeCompare(String(other[field]));
    };
  }

  function head(columns) {
    const line = make("tr");
    for (const [key, title] of columns) {
      const cell = make("th");
      const button = make("button", "", title);
      cell.scope = "col";
      button.type = "button";
      button.dataset.key = key;
      if (key === sortedBy) cell.setAttribute("aria-sort", upwards ? "ascending" : "descending");
      button.addEventListener("click", () => {
        upwards = key === sortedBy ? !upwards : key !== "number";
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

  function cell(row, key) {
    const box = make("td");
    if (key === "token") box.append(make("bdi", "", row.token));
    else if (key === "number") box.append(make("span", `tk-chip ${row.bucket}`, row.number));
    else box.textContent = row[key];
    return box;
  }

  function sum([name, number], width) {
    const line = make("tr", "tk-sum");
    const title = make("th", "", name);
    title.scope = "row";
    title.colSpan = 3;
    line.append(title, make("td"), make("td", "", number));
    if (width > 5) line.append(make("td"));
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
    foot.append(...value.totals.map((total) => sum(total, value.columns.length)));
    table.append(head(value.columns), body, foot);
    const box = make("div", "tk-scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Tokens by score");
    box.append(table);
    root.replaceChildren(box);
    box.scrollTop = scrolled;
  }

  watch(["value", "state"], render);
  render();
}

rankedTable(element, trigger, props, watch);
