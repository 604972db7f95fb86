// What a page can do better where scripts run; every page works without this file.

// Show times in the visitor's own zone, not in UTC.
for (const time of document.querySelectorAll("time")) {
  const moment = new Date(time.dateTime);
  time.title = time.textContent.trim();
  time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

// Show passwords in place, where the link would load the page once more.
for (const link of document.querySelectorAll("a[data-show]")) {
  const form = link.closest("form");
  const secrets = form.querySelectorAll("[data-secret]");
  const button = document.createElement("button");
  let shown = secrets[0].type === "text";

  function show(wanted) {
    shown = wanted;
    for (const field of secrets) field.type = shown ? "text" : "password";
    button.textContent = `${shown ? "Hide" : "Show"} the ${link.dataset.show}`;
  }

  button.type = "button";
  button.className = "plain";
  button.addEventListener("click", () => show(!shown));
  form.addEventListener("submit", () => show(false)); // so that no browser remembers it as text
  link.replaceWith(button);
  show(shown);
}
