/* A native list: groups, greyed entries with their reason, and a note under it. Chosen by position, so that
   numbers, words and "nothing" keep their kinds. `other` lets one type what is not listed. */
function choice(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const name = make("label", "tk-field");
  const title = make("span", "tk-name");
  const list = make("select", "tk-input");
  const typed = make("input", "tk-input tk-typed");
  const note = make("p", "tk-hint tk-about");
  let entries = [];
  let drawn = "";
  name.append(title, list);
  typed.type = "text";
  typed.autocomplete = "off";
  typed.spellcheck = false;
  typed.maxLength = 300;
  note.setAttribute("aria-live", "polite");

  function entry(option) {
    const node = make("option", "", option.label);
    node.value = String(entries.length);
    node.disabled = Boolean(option.disabled);
    entries.push(option);
    return node;
  }

  function fill(value) {
    entries = [];
    const nodes = value.groups.map((group) => {
      if (!group.title) return group.options.map(entry);
      const box = make("optgroup");
      box.label = group.title;
      box.append(...group.options.map(entry));
      return [box];
    });
    if (value.other) nodes.push([entry({ label: value.other.label, value: null, note: value.other.note, other: true })]);
    list.replaceChildren(...nodes.flat());
  }

  function about(option) {
    note.replaceChildren();
    if (!option || !option.note) return;
    note.append(option.note);
    if (option.link) {
      const link = make("a", "", option.link[0]);
      link.href = option.link[1];
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      note.append(" ", link);
    }
  }

  function show(place) {
    const option = entries[place];
    const other = Boolean(option && option.other);
    list.value = String(place);
    typed.hidden = !other;
    about(option);
    return other;
  }

  function render() {
    const value = props.value;
    if (!value) return;
    title.textContent = value.label;
    const groups = JSON.stringify([value.groups, value.other]);
    if (groups !== drawn) fill(value);
    drawn = groups;
    if (value.other) {
      typed.placeholder = value.other.placeholder;
      typed.setAttribute("aria-label", value.other.placeholder);
      if (document.activeElement !== typed) typed.value = value.typed || "";
    }
    const asked = entries.findIndex((option) => (value.typed ? option.other : !option.other && option.value === value.chosen));
    show(Math.max(asked, 0));
    if (name.parentNode !== root) root.replaceChildren(name, typed, note);
  }

  function pick(chosen, words) {
    props.value = { ...props.value, chosen, typed: words };
    trigger("input", {});
  }

  list.addEventListener("change", () => {
    const place = Number(list.value);
    if (show(place)) typed.focus();
    else pick(entries[place].value, "");
  });
  typed.addEventListener("change", () => typed.value.trim() && pick(null, typed.value));

  watch(["value"], render);
  render();
}

choice(element, trigger, props, watch);
