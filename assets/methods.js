/* Several methods to choose: a box each by family, greyed with the reason where the model does not offer it. Under
   them stands what the one tells that was last touched. */
function methods(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const note = make("p", "tk-hint tk-about");
  const own = visitorsOwn(props, place);
  let drawn = "";

  note.setAttribute("aria-live", "polite");

  function words(option) {
    note.textContent = [option.disabled ? option.reason : option.note, option.detail].filter(Boolean).join(" ");
  }

  function place(payload, _name, keys) {
    const free = payload.groups.flatMap(({ options }) => options.filter((each) => !each.disabled).map((each) => each.value));
    return { ...payload, chosen: keys.filter((key) => free.includes(key)) };
  }

  function take(key, on) {
    const value = props.value;
    const chosen = on ? [...value.chosen, key] : value.chosen.filter((each) => each !== key);
    own.choose("chosen", chosen, [], { ...value, chosen });
    count(props.value);
    trigger("input", {});
  }

  function count(value) {
    const full = value.chosen.length >= value.most;
    root.querySelector(".tk-count").textContent = `${value.chosen.length} chosen${full ? ", which is the limit" : ""}`;
    for (const box of root.querySelectorAll("input")) {
      box.checked = value.chosen.includes(box.value);
      box.disabled = box.dataset.barred === "yes" || (full && !box.checked);
    }
  }

  function entry(option) {
    const label = make("label", "tk-pick");
    const box = make("input");
    box.type = "checkbox";
    box.value = option.value;
    box.dataset.barred = option.disabled ? "yes" : "no";
    box.addEventListener("change", () => {
      words(option);
      take(option.value, box.checked);
    });
    box.addEventListener("focus", () => words(option));
    label.addEventListener("mouseenter", () => words(option));
    label.append(box, make("span", "", option.title));
    return label;
  }

  function group({ title, options }) {
    const line = make("div", "tk-family");
    line.setAttribute("role", "group");
    line.setAttribute("aria-label", title);
    const entries = make("div");
    entries.append(...options.map(entry));
    line.append(make("span", "tk-hint", title), entries);
    return line;
  }

  function render() {
    const value = own.heard();
    if (!value) return;
    const now = JSON.stringify(value.groups);
    if (now !== drawn) {
      drawn = now;
      const name = make("legend", "tk-name", value.label);
      const field = make("fieldset", "tk-methods");
      name.append(" ", make("span", "tk-count"));
      field.append(name, ...value.groups.map(group), note);
      root.replaceChildren(field);
      note.textContent = "";
    }
    count(value);
  }

  watch(["value"], render);
  render();
}

methods(element, trigger, unpacked(props), watch);
