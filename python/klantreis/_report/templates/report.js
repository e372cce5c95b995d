(function () {
  "use strict";
  var root = document.documentElement, button = document.querySelector(".th");
  button.hidden = false;
  button.addEventListener("click", function () {
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  var all = document.querySelector(".dls a");
  function unpack(name) {
    var bytes = Uint8Array.from(atob(all.href.split(",")[1]), function (c) { return c.charCodeAt(0); });
    var view = new DataView(bytes.buffer), at = 0, size, start;
    // Each file stands behind its header: how many bytes it is packed to, and its name.
    while (view.getUint32(at, true) === 0x04034b50) {
      size = view.getUint32(at + 18, true);
      start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
      if (String.fromCharCode.apply(null, bytes.subarray(at + 30, at + 30 + name.length)) === name) {
        return new Response(new Blob([bytes.subarray(start, start + size)]).stream()
          .pipeThrough(new DecompressionStream("deflate-raw"))).blob();
      }
      at = start + size;
    }
  }
  // Each table one by one, out of the file of all.
  if (all && "DecompressionStream" in window) document.querySelectorAll("[data-file]").forEach(function (table) {
    var item = document.createElement("li"), button = document.createElement("button"), name = table.dataset.file;
    button.type = "button";
    button.textContent = table.querySelector("summary").textContent.replace(/^[^:]*: /, "");
    button.appendChild(document.createElement("small")).textContent = name;
    item.appendChild(button);
    all.closest("ul").appendChild(item);
    button.addEventListener("click", function () {
      unpack(name).then(function (content) {
        var link = document.createElement("a");
        link.href = URL.createObjectURL(content);
        link.download = name;
        link.click();
        URL.revokeObjectURL(link.href);
      });
    });
  });
  if (!("IntersectionObserver" in window)) return;
  var links = Array.prototype.slice.call(document.querySelectorAll(".nav a"));
  var seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      links.forEach(function (link) {
        if (link.hash === "#" + entry.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    });
  }, { rootMargin: "-20% 0px -70% 0px" });
  links.forEach(function (link) {
    var section = document.querySelector(link.hash);
    if (section) seen.observe(section);
  });
})();
