# Clusters the rows of a matrix by k-means: k by the gap statistic, stability by the bootstrap.
# Usage: Rscript clusterboot.R <matrix.csv> <labels.csv> <largest k> <seed>
# Writes one line per row of the matrix: its cluster, from 1, and the cluster's mean Jaccard.

arguments <- commandArgs(trailingOnly = TRUE)
values <- as.matrix(read.csv(arguments[1], header = FALSE))
largest <- as.integer(arguments[3])
seed <- as.integer(arguments[4])

set.seed(seed)
gap <- cluster::clusGap(
  values,
  FUNcluster = kmeans, K.max = largest, B = 25, nstart = 10, iter.max = 100, verbose = FALSE
)
k <- cluster::maxSE(gap$Tab[, "gap"], gap$Tab[, "SE.sim"], method = "firstSEmax")

labels <- rep(1L, nrow(values))
jaccard <- 1
if (k > 1) {
  boot <- fpc::clusterboot(
    values,
    B = 25, bootmethod = "boot", clustermethod = fpc::kmeansCBI, krange = k, runs = 10,
    seed = seed, count = FALSE
  )
  labels <- boot$result$partition
  jaccard <- boot$bootmean
}
write.csv(
  data.frame(label = labels, jaccard = jaccard[labels]), arguments[2], row.names = FALSE
)
