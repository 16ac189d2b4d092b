// The QR page's long poll, as WeChat's own page runs it: ask with the last status, act on window.wx_errcode.
"use strict";
(() => {
  const box = document.getElementById("wx");
  const line = document.getElementById("wx_status");
  const words = { 404: "扫描成功，请在手机上确认", 402: "二维码已失效，请刷新页面" };

  // Whoever answers by the panel leaves with its form; following the poll too would come back a second time.
  let leaving = false;
  document.addEventListener("submit", () => { leaving = true; });

  const leave = (code) => {
    const target = new URL(box.dataset.callback);
    target.searchParams.set("code", code);
    target.searchParams.set("state", box.dataset.state);
    location.replace(target);
  };

  const poll = async (last) => {
    const query = new URLSearchParams({ uuid: box.dataset.key, _: String(Date.now()) });
    if (last) query.set("last", last);
    let text;
    try {
      text = await (await fetch(`${box.dataset.poll}?${query}`)).text();
    } catch {
      setTimeout(poll, 2000, last);
      return;
    }
    if (leaving) return;
    const [, status, code] = text.match(/wx_errcode=(\d+);window\.wx_code='([^']*)'/) || [];
    if (status === "405") return leave(code);
    if (status === "403") return location.replace(box.dataset.cancelled);
    if (words[status]) line.textContent = words[status];
    if (status !== "402") setTimeout(poll, 100, status === "404" ? "404" : last);
  };
  poll("");
})();
