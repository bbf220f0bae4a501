// Judges an OpenAPI document and answers that it describes.
//
// Standard input: {"document": ..., "answers": [{"path", "status", "type", "body"}, ...]}, the path
// as the document writes it. Standard output: a JSON list of what is wrong, empty if nothing is.

import { text } from "node:stream/consumers";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const { document, answers } = JSON.parse(await text(process.stdin));
const faults = [];

// The official schema of OpenAPI's own; and every reference leads somewhere.
const validator = new Validator();
const { valid, errors } = await validator.validate(structuredClone(document));
if (!valid) faults.push(...(Array.isArray(errors) ? errors : [errors]).map((e) => JSON.stringify(e)));
const resolved = valid ? validator.resolveRefs() : document;

// That schema says little about the schemas in the document: each has to be one by itself, of
// known words and formats.
const ajv = new Ajv.default({ strict: true, allowUnionTypes: true });
formats.default(ajv);

function compile(schema, place) {
	try {
		return ajv.compile(schema);
	} catch (error) {
		faults.push(`${place}: ${error.message}`);
		return () => true;
	}
}

function visit(value, place) {
	if (value === null || typeof value !== "object") return;
	for (const [name, part] of Object.entries(value)) {
		const here = `${place}/${name}`;
		if (name === "schema" || place === "#/components/schemas") compile(part, here);
		else visit(part, here);
	}
}
visit(resolved, "#");

for (const { path, status, type, body } of answers) {
	const responses = resolved.paths?.[path]?.get?.responses;
	const media = responses?.[status]?.content?.[type];
	if (!media) {
		faults.push(`${path}: ${status} with ${type} is not described`);
		continue;
	}
	const check = compile(media.schema, path);
	if (!check(body)) faults.push(`${path}: ${status}: ${ajv.errorsText(check.errors)}`);
}

console.log(JSON.stringify(faults));
