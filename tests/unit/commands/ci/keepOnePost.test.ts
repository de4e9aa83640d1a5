import assert from "node:assert/strict";
import type { Forge } from "../../../../commands/ci/forge";
import { GitHub } from "../../../../commands/ci/github";
import { GitLab } from "../../../../commands/ci/gitlab";
import { keepOnePost, markerLine } from "../../../../commands/ci/keepOnePost";
import { ForgeForTests } from "../../../support/forgeForTests";

const TOKEN = "a-token-that-nobody-sees";
const MARKER = "preview prod";

const FORGES: Readonly<Record<string, (url: string) => Forge>> = {
  GitHub: (url) => new GitHub({ url, token: TOKEN, repository: "me/net", pullRequest: 7 }),
  GitLab: (url) => new GitLab({ url, token: TOKEN, project: "me/net", mergeRequest: "7" }),
};

for (const [name, make] of Object.entries(FORGES)) {
  describe(`the one post at ${name}`, () => {
    let server: ForgeForTests;
    let forge: Forge;
    beforeEach(async () => {
      server = await ForgeForTests.start();
      forge = make(server.url);
    });
    afterEach(() => server.stop());

    it("is made by the first push, and replaced by the second", async () => {
      assert.equal((await comment("one"))?.isNew, true);
      assert.equal((await comment("two"))?.isNew, false);
      assert.deepEqual(bodies(), [bodyOf("two")]);
    });

    it("is looked for on every page", async () => {
      server.pageSize = 2;
      for (const text of ["a", "b", "c"]) server.add(server.comments, "somebody", text);
      server.add(server.comments, "me", bodyOf("old"));
      await comment("new");
      assert.deepEqual(bodies(), ["a", "b", "c", bodyOf("new")]);
    });

    it("is not somebody else's with the same marker, nor one's own with another", async () => {
      server.add(server.comments, "somebody", bodyOf("theirs"));
      server.add(server.comments, "me", `${markerLine("preview lab")}\n\nother`);
      server.add(server.comments, "me", `quoted: ${bodyOf("mine")}`);
      assert.equal((await comment("mine"))?.isNew, true);
      assert.equal(server.comments.length, 4);
      assert.equal(bodies()[0], bodyOf("theirs"));
    });

    it("is made once, though the server answers with faults, made it or not", async () => {
      server.faults.push({ status: 502 }, { status: 500, done: true }, { status: 503 });
      await comment("one");
      assert.deepEqual(bodies(), [bodyOf("one")]);
    });

    it("waits for a rate limit", async () => {
      server.faults.push({ status: 429, headers: { "retry-after": "1" } });
      const began = performance.now();
      await comment("one");
      assert.ok(performance.now() - began >= 1000);
      assert.deepEqual(bodies(), [bodyOf("one")]);
    });

    it("is not tried again where the token has no right, and the message does not have the token", async () => {
      server.faults.push({ status: 403 });
      const message = await comment("one").then(
        () => "",
        (error) => `${error.stack}`,
      );
      assert.match(message, /POST http:\/\/127\.0\.0\.1:\d+\/.*: HTTP 403 \(status 403\)/);
      assert.ok(!message.includes(TOKEN));
      assert.deepEqual(bodies(), []);
      assert.ok(server.asked.every(({ token }) => token.endsWith(TOKEN)));
    });

    it("of an issue is opened, replaced, closed, left closed, and opened again", async () => {
      assert.equal(await issue(true), undefined);
      for (const [isWell, state] of [
        [false, "open"],
        [false, "open"],
        [true, "closed"],
        [true, "closed"],
        [false, "open"],
      ] as const) {
        await issue(isWell);
        assert.deepEqual(
          server.issues.map(({ title, ...post }) => [title, post.state]),
          [["drift", state]],
        );
      }
    });

    function comment(text: string) {
      return keepOnePost(forge, forge.comments(), MARKER, { body: bodyOf(text) }, { pause: 1 });
    }

    function issue(isWell: boolean) {
      const change = { title: "drift", body: bodyOf("drift"), isOpen: !isWell };
      return keepOnePost(forge, forge.issues(), MARKER, change, { isNeeded: !isWell, pause: 1 });
    }

    function bodies(): string[] {
      return server.comments.map(({ body }) => body);
    }
  });
}

describe("a workflow's own token", () => {
  it("may not ask who it is, and writes as github-actions[bot]", async () => {
    const server = await ForgeForTests.start();
    try {
      server.user = undefined;
      const forge = FORGES.GitHub?.(server.url);
      if (forge === undefined) throw new Error("no GitHub");
      server.add(server.comments, "github-actions[bot]", bodyOf("old"));
      await keepOnePost(forge, forge.comments(), MARKER, { body: bodyOf("new") });
      assert.deepEqual(
        server.comments.map(({ body }) => body),
        [bodyOf("new")],
      );
    } finally {
      server.stop();
    }
  });
});

describe("pages", () => {
  it("of another host are not asked for: the token would go there", async () => {
    const [server, other] = [await ForgeForTests.start(), await ForgeForTests.start()];
    try {
      const forge = FORGES.GitLab?.(server.url);
      if (forge === undefined) throw new Error("no GitLab");
      server.pageSize = 1;
      for (const text of ["a", "b"]) server.add(server.comments, "somebody", text);
      Object.defineProperty(server, "url", { value: other.url });
      await assert.rejects(forge.comments().list(), /a page is linked that is not the forge's/);
      assert.deepEqual(other.asked, []);
    } finally {
      server.stop();
      other.stop();
    }
  });
});

function bodyOf(text: string): string {
  return `${markerLine(MARKER)}\n\n${text}`;
}
