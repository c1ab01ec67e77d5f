/* A native list: groups, greyed entries with their reason, and a note under it. Chosen by position, so that
   numbers, words and "nothing" keep their kinds. `other` lets one type what is not listed; `guide` is the title of
   a panel that shows all notes side by side, to compare before choosing. */
function choice(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const name = make("label", "tk-field");
  const title = make("span", "tk-name");
  const list = make("select", "tk-input");
  const typed = make("input", "tk-input tk-typed");
  const note = make("p", "tk-hint tk-about");
  const opener = make("button", "tk-opener");
  const guide = make("div", "tk-guide");
  let rows = [];
  let entries = [];
  let drawn = "";
  let writing = false; /* a word that is not taken yet */
  const own = visitorsOwn(props, place, () => {
    writing = false;
  });
  name.append(title, list);
  typed.type = "text";
  typed.autocomplete = "off";
  typed.spellcheck = false;
  typed.maxLength = 300;
  note.setAttribute("aria-live", "polite");
  opener.type = "button";
  opener.setAttribute("aria-expanded", "false");
  guide.setAttribute("role", "group");
  guide.hidden = true;

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

  function linked([words, address]) {
    const link = make("a", "", words);
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  }

  function about(option) {
    note.replaceChildren();
    if (!option || !option.note) return;
    note.append([option.note, option.detail].filter(Boolean).join(" "));
    if (option.link) note.append(" ", linked(option.link));
  }

  function row(option, place) {
    const box = make("div", "tk-entry");
    const pick = make("button", "", option.title || option.label);
    const small = make("p", "tk-hint", option.disabled ? option.reason : option.detail);
    pick.type = "button";
    pick.disabled = Boolean(option.disabled);
    pick.addEventListener("click", () => {
      open(false);
      show(place);
      list.focus();
      take(option.value, "");
    });
    if (option.link) small.append(" ", linked(option.link));
    box.append(pick, make("p", "", option.note), small);
    return box;
  }

  function fillGuide(value) {
    rows = [];
    const boxes = value.groups.map((group) => {
      const box = make("section");
      box.append(make("h4", "", group.title));
      for (const option of group.options) {
        rows.push(row(option, entries.indexOf(option)));
        box.append(rows[rows.length - 1]);
      }
      return box;
    });
    opener.textContent = value.guide;
    guide.setAttribute("aria-label", `${value.label}: ${value.guide}`);
    guide.replaceChildren(...boxes);
  }

  /* Tab reaches one entry and its link; arrows move to the next that can be chosen. */
  function reach(place) {
    rows.forEach((each, index) => {
      for (const stop of each.querySelectorAll("button, a")) stop.tabIndex = index === place ? 0 : -1;
    });
  }

  function mark(place) {
    rows.forEach((each, index) => {
      each.classList.toggle("tk-taken", index === place);
      each.firstChild.setAttribute("aria-pressed", String(index === place));
    });
    reach(place);
  }

  function open(opened) {
    guide.hidden = !opened;
    note.hidden = opened;
    opener.setAttribute("aria-expanded", String(opened));
    const taken = rows.find((each) => each.classList.contains("tk-taken"));
    if (!opened || !taken) return;
    guide.scrollTop = taken.offsetTop - guide.clientHeight / 3;
    guide.scrollIntoView({ block: "nearest" });
  }

  function step(event) {
    const free = rows.filter((each) => !each.firstChild.disabled);
    const at = free.findIndex((each) => each.contains(document.activeElement));
    const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: free.length - 1 };
    if (targets[event.key] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = free[Math.max(0, Math.min(targets[event.key], free.length - 1))];
    reach(rows.indexOf(next));
    next.firstChild.focus();
  }

  function show(place) {
    const option = entries[place];
    const other = Boolean(option && option.other);
    list.value = String(place);
    typed.hidden = !other;
    about(option);
    mark(place);
    return other;
  }

  function place(payload, _name, chosen) {
    const listed = payload.groups.some(({ options }) => options.some((each) => each.value === chosen));
    if (listed) return { ...payload, chosen, typed: "" };
    return payload.other && typeof chosen === "string" ? { ...payload, chosen: null, typed: chosen } : null;
  }

  function render() {
    const value = own.heard();
    if (!value) return;
    const writes = writing && value.other && (typed.value.trim() || document.activeElement === typed);
    title.textContent = value.label;
    const groups = JSON.stringify([value.groups, value.other]);
    if (groups !== drawn) {
      fill(value);
      if (value.guide) fillGuide(value);
    }
    drawn = groups;
    if (value.other) {
      typed.placeholder = value.other.placeholder;
      typed.setAttribute("aria-label", value.other.placeholder);
      if (!writes && document.activeElement !== typed) typed.value = value.typed || "";
    }
    const asked = entries.findIndex((option) => (value.typed || writes ? option.other : !option.other && option.value === value.chosen));
    show(Math.max(asked, 0));
    if (name.parentNode !== root) root.replaceChildren(name, ...(value.guide ? [opener, guide] : []), typed, note);
  }

  function take(chosen, words) {
    writing = false;
    own.choose("chosen", words || chosen, null, { ...props.value, chosen, typed: words });
    trigger("input", {});
  }

  list.addEventListener("change", () => {
    const place = Number(list.value);
    writing = show(place);
    if (writing) typed.focus();
    else take(entries[place].value, "");
  });
  typed.addEventListener("input", () => {
    writing = typed.value !== (props.value.typed || "");
  });
  typed.addEventListener("change", () => typed.value.trim() && take(null, typed.value));
  opener.addEventListener("click", () => open(guide.hidden));
  guide.addEventListener("keydown", step);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || guide.hidden) return;
    open(false);
    opener.focus();
  });

  watch(["value"], render);
  render();
}

choice(element, trigger, unpacked(props), watch);
