"use strict";

// The server renders all parts of the page. This script updates them, sorts tables and filters the log.

/** Updates `old` to `fresh`, changing only the differences, so that focus, selection and scroll positions stay. */
function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
        old.replaceWith(fresh);
        return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
        if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
        return;
    }
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const keyed = new Map();
    for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
    if (keyed.size > 0) morphKeyed(old, fresh, keyed); else morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
    const [present, wanted] = [[...old.childNodes], [...fresh.childNodes]];
    wanted.forEach((child, index) => {
        if (index < present.length) morph(present[index], child); else old.append(child);
    });
    present.slice(wanted.length).forEach((child) => child.remove());
}

/** Updates children by their keys, so that rows keep their elements in any order. */
function morphKeyed(old, fresh, keyed) {
    const wanted = [...fresh.children];
    const keys = new Set(wanted.map((child) => child.dataset.key));
    for (const [key, child] of keyed) if (!keys.has(key)) child.remove();
    wanted.forEach((child, index) => {
        const present = keyed.get(child.dataset.key);
        if (present) morph(present, child); else old.insertBefore(child, old.children[index] ?? null);
    });
}

/** Sorts a table's rows by the chosen column. */
function sortRows(table) {
    const heading = table.querySelector("th[aria-sort]");
    if (!heading) return;
    const column = [...heading.parentNode.children].indexOf(heading);
    const sign = heading.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    const value = (row) => row.children[column].dataset.value ?? row.children[column].textContent;
    const compare = (one, other) => {
        const [a, b] = [value(one), value(other)];
        const [x, y] = [Number(a), Number(b)];
        return sign * (a !== "" && b !== "" && !isNaN(x) && !isNaN(y) ? x - y : a.localeCompare(b));
    };
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const sorted = [...rows].sort(compare);
    if (sorted.some((row, index) => row !== rows[index])) body.append(...sorted);
}

const chosen = new Map();

function chooseColumn(button) {
    const heading = button.closest("th");
    const table = heading.closest("table");
    const isDescending = heading.getAttribute("aria-sort") !== "descending";
    chosen.set(table.id, [heading.dataset.column, isDescending ? "descending" : "ascending"]);
    showColumn(table);
}

function showColumn(table) {
    const [column, order] = chosen.get(table.id) ?? [];
    for (const heading of table.tHead?.rows[0].cells ?? []) {
        if (heading.dataset.column && heading.dataset.column === column) heading.setAttribute("aria-sort", order);
        else heading.removeAttribute("aria-sort");
    }
    sortRows(table);
}

const levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"];

/** Hides log lines below the chosen level or without the search text. */
function filterLog() {
    const level = document.querySelector("#log-level");
    if (!level) return;
    const least = levels.indexOf(level.value);
    const words = document.querySelector("#log-words").value.trim().toLowerCase();
    for (const line of document.querySelectorAll(".log li")) {
        const isShown = levels.indexOf(line.dataset.level) >= least
            && (words === "" || line.textContent.toLowerCase().includes(words));
        line.hidden = !isShown;
    }
}

function tidy() {
    document.querySelectorAll("table[id]").forEach(showColumn);
    filterLog();
}

/** Replaces parts of the page by newer ones. */
function show(parts) {
    for (const [name, html] of Object.entries(parts)) {
        const old = document.querySelector(`[data-part="${name}"]`);
        if (!old) continue;
        const fresh = old.cloneNode(false);
        fresh.innerHTML = html;
        morph(old, fresh);
    }
    tidy();
}

document.addEventListener("click", (event) => {
    const button = event.target.closest("th button");
    if (button) chooseColumn(button);
});
document.addEventListener("input", (event) => {
    if (event.target.closest(".controls")) filterLog();
});
tidy();

// A browser reconnects by itself after a stream breaks, but not after the server rejects a request.
function listen() {
    const events = document.body.dataset.events;
    if (!events) return;
    const link = document.querySelector(".link");
    const source = new EventSource(events);
    source.onopen = () => { link.textContent = "live"; link.classList.add("live"); };
    source.onmessage = (event) => show(JSON.parse(event.data));
    source.onerror = () => {
        link.textContent = "not connected: this is what was last known";
        link.classList.remove("live");
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
}
listen();
