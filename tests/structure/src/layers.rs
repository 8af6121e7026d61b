//! Whether imports keep to the declared order of a crate's modules, and whether they form circles.

use std::path::Path;

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::imports::{self, Import};
use crate::modules::Crate;

/// What is wrong with the imports of a crate, one line each.
///
/// `order` has the names of the modules that the root file declares, from the lowest to the
/// highest. A module may use those before it. The root file may use all of them and is used by
/// none.
pub fn violations(krate: &Crate, order: &[&str]) -> Vec<String> {
    let imports: Vec<Import> = imports::of_crate(krate).into_iter().collect();
    let mut found = undeclared(krate, order);
    found.extend(upward(krate, order, &imports));
    found.extend(circles(krate, &imports));
    found
}

/// The modules that the order lacks, and those that it has and the crate lacks.
fn undeclared(krate: &Crate, order: &[&str]) -> Vec<String> {
    let declared = &krate.modules[0].children;
    let root = krate.modules[0].file;
    // A module in the root file is a part of the root file.
    let in_files = |module: &usize| krate.modules[*module].file != root;
    let mut lacking: Vec<String> = declared
        .iter()
        .filter(|(name, module)| in_files(module) && !order.contains(&name.as_str()))
        .map(|(name, _)| format!("the module '{name}' has no place in the declared order"))
        .collect();
    lacking.sort();
    let unknown = order.iter().filter(|name| !declared.contains_key(**name));
    lacking
        .extend(unknown.map(|name| format!("the declared order has '{name}', the crate has not")));
    lacking
}

fn upward(krate: &Crate, order: &[&str], imports: &[Import]) -> Vec<String> {
    let place = |file: usize| {
        let name = layer(krate, file);
        order.iter().position(|known| *known == name).unwrap_or(order.len())
    };
    let is_upward =
        |&&(from, to): &&Import| layer(krate, from) != layer(krate, to) && place(from) <= place(to);
    imports
        .iter()
        .filter(is_upward)
        .map(|&(from, to)| format!("upward: {} uses {}", name(krate, from), name(krate, to)))
        .collect()
}

/// The groups of files that use one another.
fn circles(krate: &Crate, imports: &[Import]) -> Vec<String> {
    let edges = imports.iter().map(|&(from, to)| (from as u32, to as u32));
    let graph: DiGraph<(), ()> = DiGraph::from_edges(edges);
    let circles = tarjan_scc(&graph).into_iter().filter(|group| group.len() > 1);
    let mut found: Vec<String> = circles
        .map(|group| {
            let mut files: Vec<usize> = group.iter().map(|node| node.index()).collect();
            files.sort_unstable();
            let names: Vec<String> = files.iter().map(|&file| name(krate, file)).collect();
            let inner = imports.iter().filter(|(f, t)| files.contains(f) && files.contains(t));
            let uses: Vec<String> = inner
                .map(|&(from, to)| format!("{} -> {}", name(krate, from), name(krate, to)))
                .collect();
            format!("circle of {}: {}", names.join(", "), uses.join("; "))
        })
        .collect();
    found.sort();
    found
}

/// The module of the root file that a file belongs to; the root file's own is "".
fn layer(krate: &Crate, file: usize) -> String {
    let mut module = krate.files[file].module;
    let mut below = module;
    while let Some(parent) = krate.modules[module].parent {
        below = module;
        module = parent;
    }
    let children = &krate.modules[0].children;
    children.iter().find(|(_, child)| **child == below).map(|(n, _)| n.clone()).unwrap_or_default()
}

fn name(krate: &Crate, file: usize) -> String {
    let path: &Path = &krate.files[file].path;
    path.strip_prefix(&krate.source).unwrap_or(path).display().to_string()
}
