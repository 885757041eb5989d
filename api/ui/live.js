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
  const web = (address) => /^https?:\/\//i.test(address || "");
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

  const item = (event) => {
    const get = (key) => one(event.fields[key]);
    const li = element("li", "fresh");
    const row = element("div", "row");
    const name = get("page") || get("text") || get("action") || `event ${event.id}`;
    const title = link("title", name, web(get("url")) ? get("url") : list.dataset.events + event.id);
    title.dir = "auto";
    row.append(title);
    if (get("action")) row.append(Object.assign(element("span", "tag", get("action")), { dir: "auto" }));
    for (const flag of ["minor", "bot"]) if (get(flag) === "1") row.append(element("span", "tag quiet", flag));
    const links = element("span", "links");
    for (const key of ["diff", "history"]) if (web(get(key))) links.append(link("", key, get(key)));
    row.append(links);
    li.append(row);
    if (get("comment")) li.append(Object.assign(element("p", "comment", get("comment")), { dir: "auto" }));
    const meta = element("div", "meta");
    const time = element("time");
    time.dateTime = event.at;
    localTime(time);
    meta.append(time);
    if (get("user")) meta.append(element("bdi", "", get("user")));
    meta.append(link("", event.publisher, list.dataset.stream.replace(/stream$/, "wikis/") + encodeURIComponent(event.publisher)));
    li.append(meta);
    return li;
  };

  list.querySelectorAll("time").forEach(localTime);
  const query = new URLSearchParams({ after: list.dataset.after });
  for (const channel of (list.dataset.channels || "").split(" ")) if (channel) query.append("channel", channel);
  const source = new EventSource(`${list.dataset.stream}?${query}`);
  source.onopen = () => { state.textContent = "live"; state.classList.add("on"); };
  source.onerror = () => { state.textContent = "connecting again…"; state.classList.remove("on"); };
  source.addEventListener("change", (message) => {
    list.querySelectorAll(".empty").forEach((e) => e.remove());
    list.prepend(item(JSON.parse(message.data)));
    while (list.children.length > 100) list.lastElementChild.remove();
  });
})();
