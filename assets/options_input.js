/* Comes after options.js: every change is told at once, for forms that have no button. */
element.addEventListener("change", () => trigger("input", {}));
