// Makes the list of changes live. The page is complete without it.
"use strict";
(() => {
  const list = document.getElementById("changes");
  const state = document.getElementById("live");
  if (!list || !window.EventSource) return;

  const element = (name, className, text) => {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = short(text);
    return e;
  };
  const web = (address) => /^((https?|ircs?):\/\/[^\/]|mailto:.)[^\0-\x1f\x7f]*$/i.test(address || "");
  const link = (className, text, address) => {
    const a = element("a", className, text);
    a.href = address;
    a.rel = "noreferrer";
    return a;
  };
  const one = (value) => (Array.isArray(value) ? value[0] : value) || "";
  const short = (text) => (text.length > 300 ? [...text].slice(0, 300).join("") + "…" : text);
  const two = (n) => String(n).padStart(2, "0");
  const localTime = (t) => {
    const d = new Date(t.dateTime);
    t.title = t.dateTime;
    t.textContent = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  };

  const get = (event, key) => one(event.fields[key]);

  const item = (event) => {
    const li = element("li", "fresh");
    li.dataset.id = event.id;
    const row = element("div", "row");
    const name = get(event, "page") || get(event, "text") || get(event, "project") || get(event, "action") || `event ${event.id}`;
    const title = link("title", name, web(get(event, "url")) ? get(event, "url") : list.dataset.events + event.id);
    title.dir = "auto";
    row.append(title);
    if (get(event, "action")) row.append(Object.assign(element("span", "tag", get(event, "action")), { dir: "auto" }));
    for (const flag of ["minor", "bot"]) if (get(event, flag) === "1") row.append(element("span", "tag quiet", flag));
    const links = element("span", "links");
    for (const key of ["diff", "history"]) if (web(get(event, key))) links.append(link("", key, get(event, key)));
    row.append(links);
    li.append(row);
    if (get(event, "comment")) li.append(Object.assign(element("p", "comment", get(event, "comment")), { dir: "auto" }));
    const meta = element("div", "meta");
    const time = element("time");
    time.dateTime = event.at;
    localTime(time);
    meta.append(time);
    if (get(event, "user")) meta.append(element("bdi", "", get(event, "user")));
    meta.append(link("", event.publisher, list.dataset.stream.replace(/stream$/, "wikis/") + encodeURIComponent(event.publisher)));
    li.append(meta);
    return li;
  };

  // A tombstone takes its target away, or what was redacted of it.
  const redact = (event) => {
    const id = get(event, "target");
    const line = [...list.children].find((li) => li.dataset.id === id);
    if (!line) return;
    if (!get(event, "fields")) return line.remove();
    fetch(list.dataset.events + encodeURIComponent(id))
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((left) => line.replaceWith(item(left)))
      .catch(() => line.remove());
  };

  list.querySelectorAll("time").forEach(localTime);
  const query = new URLSearchParams({ after: list.dataset.after });
  for (const channel of (list.dataset.channels || "").split(" ")) if (channel) query.append("channel", channel);
  const source = new EventSource(`${list.dataset.stream}?${query}`);
  source.onopen = () => { state.textContent = "live"; state.classList.add("on"); };
  source.onerror = () => { state.textContent = "connecting again…"; state.classList.remove("on"); };
  source.addEventListener("change", (message) => {
    const event = JSON.parse(message.data);
    if (get(event, "action") === "REDACT" && get(event, "target")) return redact(event);
    list.querySelectorAll(".empty").forEach((e) => e.remove());
    list.prepend(item(event));
    while (list.children.length > 100) list.lastElementChild.remove();
  });
})();
