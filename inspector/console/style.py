"""Colours, sizes, fonts and the script of the page.

Only local fonts, and no address but the console's own. When the console does not answer, the script says so in the
lamp: a page that stands still with a green lamp would be believed.
"""

FONTS = ("DejaVu Sans", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif")
MONO_FONTS = ("DejaVu Sans Mono", "Consolas", "monospace")

CSS = """
:root { --ink:#18212b; --soft:#5b6774; --line:#d5dbe1; --paper:#ffffff; --ground:#eef1f4;
  --ok:#1f7a44; --no:#be2a22; --wait:#a35f00; --off:#5b6774; --note:#2c548c }
body, gradio-app, .gradio-container { background:var(--ground) !important }
.gradio-container { max-width:none !important; padding:10px 16px !important }
.i { color:var(--ink); font-family:"DejaVu Sans","Segoe UI","Helvetica Neue",Arial,sans-serif; font-size:16px }
.i * { box-sizing:border-box } .i h3 { margin:0 0 8px; font-size:17px; color:var(--soft); font-weight:600 }
.lamp { display:flex; align-items:center; gap:28px; padding:12px 26px; border-radius:10px; color:#fff;
  margin-bottom:12px }
.lamp b { font-size:52px; line-height:1.1; letter-spacing:.03em; color:#fff; white-space:nowrap }
.lamp span { font-size:20px; color:#fff; overflow-wrap:anywhere } .lamp .where { margin-left:auto; text-align:right }
.RUNNING { background:var(--ok) } .HELD, .UNREACHABLE { background:var(--no) } .ENDED { background:var(--note) }
.NO-LINE { background:var(--off) }
.cols { display:grid; grid-template-columns:minmax(0,1.65fr) minmax(420px,1fr); gap:12px; align-items:start }
@media (max-width:1100px) { .cols { grid-template-columns:1fr } }
.card { background:var(--paper); border:1px solid var(--line); border-radius:10px; padding:14px; margin-bottom:12px }
.card img { width:100%; border-radius:6px; display:block } .cols .big { max-height:62vh; object-fit:contain;
  background:#18212b }
.tiles { display:grid; grid-template-columns:repeat(3,1fr); gap:10px }
.tile { background:var(--paper); border:1px solid var(--line); border-left:8px solid var(--off);
  border-radius:8px; padding:8px 12px }
.tile b { display:block; white-space:nowrap; font-size:42px; line-height:1.15;
  font-variant-numeric:tabular-nums; color:inherit }
.tile small { font-size:15px; color:var(--soft) } .tile.ok { border-color:var(--ok); color:var(--ok) }
.tile.no { border-color:var(--no); color:var(--no) } .tile.wait { border-color:var(--wait); color:var(--wait) }
.reasons { margin:12px 0 0; font-size:20px } .cols { margin-bottom:12px } .cols .card:last-child { margin-bottom:0 }
button[role=tab] { font-size:18px } button[role=tab].selected { color:var(--note) !important; font-weight:600 }
#units { --font-mono:var(--font) }
.strip { display:grid; grid-template-columns:repeat(auto-fill,minmax(215px,1fr)); gap:10px }
.strip figure { margin:0 } .strip figcaption { font-size:14px; padding-top:4px; color:var(--soft) }
.i table { width:100%; border-collapse:collapse; font-size:16px; background:var(--paper) }
.i th { text-align:left; color:var(--soft); font-weight:600; font-size:14px; padding:6px 10px;
  border-bottom:2px solid var(--line) }
.i td { padding:8px 10px; border-bottom:1px solid var(--line); vertical-align:top; color:var(--ink) }
.i table, .i tr, .i th, .i td { border-left:0 !important; border-right:0 !important; border-top:0 !important }
.i td.n { font-variant-numeric:tabular-nums; white-space:nowrap } .i td.w { white-space:nowrap }
.i td small, .i p small { color:var(--soft); font-size:13px } .i .quiet { color:var(--soft) }
.chip { display:inline-block; border-radius:6px; padding:2px 9px; color:#fff; font-weight:600;
  white-space:nowrap; font-size:15px }
.chip.ok, .chip.ACCEPT, .chip.agrees, .chip.CLOSED { background:var(--ok) }
.chip.no, .chip.REJECT, .chip.differs, .chip.not-plain, .chip.critical, .chip.major,
.chip.QUARANTINED { background:var(--no) }
.chip.wait, .chip.HOLD, .chip.unsure { background:var(--wait) } .chip.off, .chip.not-read { background:var(--off) }
.chip.minor, .chip.OPEN { background:var(--note) }
.bar { border-radius:10px; padding:12px 18px; margin-bottom:12px; color:#fff; font-size:20px; font-weight:600;
  white-space:pre-line }
.bar.ok { background:var(--ok) } .bar.no { background:var(--no) } .bar.off { background:var(--off) }
.i code { font-family:"DejaVu Sans Mono",Consolas,monospace; font-size:13px; color:var(--soft);
  background:none; border:0; padding:0 }
.facts { display:flex; flex-wrap:wrap; gap:6px 26px } .facts span small { color:var(--soft); display:block;
  font-size:13px }
"""

HEAD = """<meta name="referrer" content="no-referrer">
<script>
(() => {
  let failed = 0, shown = "";
  async function renew() {
    document.body && document.body.classList.remove("dark");
    const panel = document.getElementById("live-panel");
    let wait = 1000;
    if (panel && panel.offsetParent !== null && !document.hidden) {
      try {
        const answer = await fetch("/live/panel", {cache: "no-store", signal: AbortSignal.timeout(3000)});
        if (!answer.ok) throw new Error(answer.status);
        const text = await answer.text();
        wait = Number(answer.headers.get("x-renew-ms")) || 1000;
        failed = 0;
        if (text !== shown) {
          const fresh = document.createElement("template");
          fresh.innerHTML = text;  // its pictures are fetched first, so that the panel never flashes empty
          const pictures = [...fresh.content.querySelectorAll("img")].map((i) => {
            const picture = new Image();
            picture.src = i.getAttribute("src");
            return picture.decode().catch(() => null);
          });
          await Promise.race([Promise.all(pictures), new Promise((done) => setTimeout(done, 1500))]);
          panel.replaceChildren(fresh.content);
          shown = text;
        }
      } catch (error) {
        if (++failed >= 2) {
          shown = "";
          const lamp = panel.querySelector(".lamp");
          const say = '<b>! NO CONNECTION</b><span>The console does not answer. What is below is old.</span>';
          if (lamp) { lamp.className = "lamp UNREACHABLE"; lamp.innerHTML = say; }
          else panel.innerHTML = '<div class="lamp UNREACHABLE">' + say + "</div>";
        }
      }
    }
    setTimeout(renew, wait);
  }
  renew();
})();
</script>"""
