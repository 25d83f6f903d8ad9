import { describe, expect, it } from "vitest";
import { html } from "@/features/run/report/html";

describe("a template", () => {
  it("escapes what is put into it, in text and in attributes, once", () => {
    const name = `<img src=x onerror="a('b')"> & co`;
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; co">' +
        "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; co</p>",
    );
    expect(html`<ul>${["a<", "b"].map((each) => html`<li>${each}</li>`)}</ul>`.text).toBe(
      "<ul><li>a&lt;</li><li>b</li></ul>",
    );
  });

  it("leaves nothing where there is nothing, and a zero where there is one", () => {
    expect(html`[${null}${undefined}${false}${0}]`.text).toBe("[0]");
  });
});
