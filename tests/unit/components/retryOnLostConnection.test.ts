import assert from "node:assert/strict";
import { isLostConnection } from "../../../components/retryOnLostConnection";

const EOF =
  'Patch "https://localhost:7445/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x": unexpected EOF';

describe("a failed operation is retried", () => {
  for (const message of [
    EOF,
    'Get "https://localhost:7445/version": EOF',
    "http2: client connection lost",
    "read tcp 127.0.0.1:40404->127.0.0.1:7445: read: connection reset by peer",
    "dial tcp 127.0.0.1:7445: connect: connection refused",
    "net/http: TLS handshake timeout",
    "write tcp 127.0.0.1:40404->127.0.0.1:7445: write: broken pipe",
  ]) {
    it(`after: ${message}`, () => assert.equal(isLostConnection([message]), true));
  }

  it("ten times at most", () => {
    assert.equal(isLostConnection(Array(10).fill(EOF)), true);
    assert.equal(isLostConnection(Array(11).fill(EOF)), false);
  });

  for (const message of [
    "admission webhook denied the request",
    "the Kubernetes API server reported that it is invalid: spec.blocks: Required value",
    // Pulumi has it in its state, and the next update mends it; made again, its name would be taken.
    'Helm release "kube-system/cilium" was created, but failed to initialize completely: unexpected EOF',
  ]) {
    it(`not after: ${message}`, () => assert.equal(isLostConnection([message]), false));
  }

  it("not when another error came after a lost connection", () => {
    assert.equal(isLostConnection(["forbidden", EOF]), false);
  });
});
