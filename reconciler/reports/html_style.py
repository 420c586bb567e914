"""Style of the HTML report: light and dark, phone and paper. No external resource is loaded."""

import base64
import hashlib

CSS = r"""
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1b1f27;--soft:#5b6472;--line:#dfe3e9;
--before:#9aa5b5;--after:#2563c9;--create:#1a7f4b;--update:#9a6700;--stop:#b3261e;--note:#3f5fa8;
--wash-create:#e6f4ec;--wash-update:#fdf3d7;--wash-stop:#fbe9e7;--wash-note:#e8eefb}
@media (prefers-color-scheme:dark){:root{--page:#12151b;--card:#1b1f27;--ink:#e7eaf0;--soft:#9ca6b5;--line:#313846;
--before:#6b7788;--after:#6ea0f5;--create:#5cc98d;--update:#e0b341;--stop:#f08b80;--note:#9db7f5;
--wash-create:#173526;--wash-update:#38300f;--wash-stop:#3f1f1c;--wash-note:#1d2a48}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
header p{margin:0;color:var(--soft)}
h1{font-size:1.6rem;line-height:1.25;margin:.15rem 0 .9rem;text-wrap:balance}
main{overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 .8rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;margin-top:1rem}
code,.n{font-variant-numeric:tabular-nums}
.pair .n{text-wrap:balance}
code{font:.875em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.soft{color:var(--soft)}.r{text-align:right}
.chips{display:flex;flex-wrap:wrap;gap:.5rem;margin:0;padding:0;list-style:none}
.chips li,.tag{border-radius:99px;padding:.15rem .7rem;font-weight:600;font-size:.9rem;white-space:nowrap}
.tag{font-size:.78rem;padding:.08rem .55rem}
.create{background:var(--wash-create);color:var(--create)}
.update{background:var(--wash-update);color:var(--update)}
.stop{background:var(--wash-stop);color:var(--stop)}
.note{background:var(--wash-note);color:var(--note)}
.banner{border-radius:.75rem;padding:.8rem 1.25rem;margin-top:1rem;font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.94rem}
th{font-size:.8rem;font-weight:600;color:var(--soft);text-align:left}
th.r{text-align:right}
th,td{padding:.35rem .8rem .35rem 0;border-top:1px solid var(--line);vertical-align:top}
tr:first-child>th,tr:first-child>td{border-top:0}th:last-child,td:last-child{padding-right:0}
td.r{white-space:nowrap}
ul.plain{list-style:none;margin:0;padding:0}ul.plain>li{padding:.4rem 0;border-top:1px solid var(--line)}
ul.plain>li:first-child{border-top:0;padding-top:0}
article,details.many{border-top:1px solid var(--line);padding:.8rem 0}
article:first-of-type,h2+details.many{border-top:0;padding-top:0}
article>p{margin:0 0 .35rem;display:flex;flex-wrap:wrap;gap:.15rem .6rem;align-items:baseline}
.name{font-weight:600}
td code{overflow-wrap:break-word}.sides td.r{white-space:normal}
summary{cursor:pointer}summary .lines{display:block;margin:.2rem 0 0 1.1rem}
.up{color:var(--stop)}.down{color:var(--create)}
.chart{display:grid;gap:.9rem}.chart+ul{margin-top:1rem}
.bars{display:grid;grid-template-columns:minmax(9rem,1fr) 2fr;gap:.2rem 1rem;align-items:center}
.bars .what{overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:1fr 12.5rem;gap:.1rem .7rem;align-items:center;font-size:.9rem}
.bar{display:block;width:100%;height:.8rem}
.bar .track{fill:var(--line);opacity:.45}.bar .before{fill:var(--before)}.bar .after{fill:var(--after)}
.key{display:flex;gap:1.2rem;font-size:.85rem;color:var(--soft);margin:0 0 .8rem}
.key i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem;vertical-align:-1px}
.key .b{background:var(--before)}.key .a{background:var(--after)}
footer{color:var(--soft);font-size:.85rem;margin-top:1.5rem}
@media (max-width:40rem){main{padding:1.2rem .75rem 3rem}h1{font-size:1.3rem}section{padding:.9rem .9rem}
.bars{grid-template-columns:1fr}.pair{grid-template-columns:1fr 9.5rem}
.fields tr{display:block;border-top:1px solid var(--line);padding:.3rem 0}
.fields td{display:inline-block;border:0;padding:0 .5rem 0 0}.fields td:first-child{display:block}
.fields td.r{text-align:left}.fields td:nth-child(3)::before{content:"\2192\a0"}.fields tr:has(th){display:none}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--before:#999;--after:#1f4f9e;
--create:#0b5d33;--update:#6b4800;--stop:#8d1b14;--wash-create:#fff;--wash-update:#fff;--wash-stop:#fff;
--wash-note:#fff}
main{max-width:none;padding:0}section{border:0;padding:.5rem 0;break-inside:auto}article,tr,.bars{break-inside:avoid}
.chips li,.tag,.banner{border:1px solid currentColor}.bar rect{print-color-adjust:exact}
details::details-content{content-visibility:visible;display:block}}
"""

POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}'"
)
"""Content security policy of the page: only its own style."""
