/* The link of a result and the code of its embed, to be copied; files, to be saved. The page's address is the one
   that this browser shows. */
function share(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const LONG = 2000;
  const said = make("p", "tk-hint tk-copied");
  const transparent = make("input");
  const figure = make("select", "tk-input");
  let drawn = "";

  said.setAttribute("role", "status");
  transparent.type = "checkbox";

  function here() {
    return `${location.origin}${location.pathname}`.replace(/\/+$/, "");
  }

  /* The old command works inside frames that may not use the clipboard otherwise; what it does not copy is left
     selected, for the visitor's own hand. */
  async function copied(field) {
    field.focus({ preventScroll: true });
    field.select();
    try {
      if (document.execCommand("copy")) return true;
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      return false;
    }
  }

  function row(name, text, button) {
    const label = make("label", "tk-share-field");
    const field = make("input", "tk-input");
    const copy = make("button", "tk-plain", "Copy");
    field.type = "text";
    field.readOnly = true;
    field.spellcheck = false;
    field.value = text;
    field.addEventListener("focus", () => field.select());
    copy.type = "button";
    copy.setAttribute("aria-label", button);
    copy.addEventListener("click", async () => {
      const done = await copied(field);
      if (done) copy.focus({ preventScroll: true });
      copy.textContent = done ? "Copied" : "Copy";
      said.classList.toggle("tk-heard", done); /* the button shows it, where it can be seen */
      said.textContent = done ? `${name} copied.` : `Press ${/Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl"}+C: the text is selected.`;
      setTimeout(() => {
        copy.textContent = "Copy";
      }, 2000);
    });
    label.append(make("span", "tk-name", name), field);
    return [label, copy];
  }

  function save(suffix, title) {
    const button = make("button", "tk-plain", title);
    button.type = "button";
    button.addEventListener("click", () => {
      const dark = document.body.classList.contains("dark");
      const wish = { page: `${here()}/`, dark, transparent: transparent.checked, figure: Math.max(figure.selectedIndex, 0) };
      trigger("select", { index: suffix, value: wish });
    });
    return button;
  }

  /* Of which drawing a picture is, where there are several. */
  function figures(names) {
    const before = figure.value;
    figure.replaceChildren(...names.map((name) => make("option", "", name)));
    if (names.includes(before)) figure.value = before;
    const label = make("label", "tk-hint tk-check");
    label.append("pictures of", figure);
    return names.length > 1 ? [label] : [];
  }

  function files(formats, names) {
    const line = make("div", "tk-files");
    const group = make("div", "tk-formats");
    const option = make("label", "tk-hint tk-check");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Save as");
    group.append(...formats.map(([suffix, title]) => save(suffix, title)));
    option.append(transparent, "pictures without background");
    line.append(group, ...figures(names), option);
    return [make("span", "tk-name", "Save as"), line];
  }

  function rows(value) {
    if (!value.code) return [make("p", "tk-hint", value.problem)];
    const link = `${here()}/?r=${value.code}`;
    const [before, after] = value.embed;
    const frame = `${before}${here().replaceAll("&", "&amp;")}/e/${value.code}${after}`;
    const note = `This link has ${link.length.toLocaleString("en")} characters: some programs cut long links off.`;
    const long = link.length > LONG ? [make("p", "tk-hint", note)] : [];
    return [...row("Link", link, "Copy link"), ...long, ...row("Embed", frame, "Copy embed code")];
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.formats))) {
      drawn = "";
      return;
    }
    const now = JSON.stringify(value);
    if (now === drawn) return;
    drawn = now;
    said.textContent = "";
    const grid = make("div", "tk-share");
    grid.append(...rows(value), ...files(value.formats, value.figures || []));
    root.replaceChildren(grid, said);
  }

  watch(["value", "state"], render);
  render();
}

share(element, trigger, unpacked(props), watch);
