/* Comes after the script of a view that shows one payload: of several, one is shown and the others a click away. The
   payload holds what is shown itself, "choices" all by name, "order" and "names" what stands in the line above;
   "about" and "under" are sentences above and below. What was chosen stays chosen in the next payload. */
function measured(element, props, watch) {
  const view = element.querySelector(".tk-view");
  const line = make("div", "tk-measures");
  const about = make("p", "tk-hint");
  const under = make("p", "tk-hint");
  const FEW = 4;
  let wanted = "";

  function pick(name) {
    wanted = name;
    render();
  }

  function buttons(value) {
    const box = make("div", "tk-units");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", value.label);
    for (const name of value.order) {
      const button = make("button", "", value.names[name]);
      button.type = "button";
      button.setAttribute("aria-pressed", String(name === value.shown));
      button.addEventListener("click", () => {
        pick(name);
        line.querySelector("[aria-pressed=true]").focus();
      });
      box.append(button);
    }
    return box;
  }

  function list(value) {
    const label = make("label", "tk-field");
    const box = make("select", "tk-input");
    for (const name of value.order) {
      const option = make("option", "", value.names[name]);
      option.value = name;
      box.append(option);
    }
    box.value = value.shown;
    box.addEventListener("change", () => {
      pick(box.value);
      line.querySelector("select").focus();
    });
    label.append(make("span", "tk-name", value.label), box);
    return label;
  }

  function render() {
    const value = props.value;
    line.hidden = !value || value.order.length < 2;
    about.hidden = !value || !value.about;
    under.hidden = !value || !value.under;
    if (!value) return;
    if (wanted && wanted !== value.shown && value.choices[wanted]) {
      props.value = { ...value, about: "", under: "", ...value.choices[wanted], shown: wanted };
      renders.forEach((each) => each()); /* all that draw.js knows of: no watch hears what a view sets itself */
      return;
    }
    line.replaceChildren(value.order.length > FEW ? list(value) : buttons(value));
    about.textContent = value.about || "";
    under.textContent = value.under || "";
  }

  view.before(line, about);
  view.after(under);
  watch(["value"], render);
  render();
}

measured(element, unpacked(props), watch);
