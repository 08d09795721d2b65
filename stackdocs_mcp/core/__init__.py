"""The domain: model, binding, errors, schema, values, evidence, completion, ports."""
