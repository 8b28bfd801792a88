(** * Every start of a ball, for gradient descent on a polynomial

    The exceptional starts of a ball are the graph of a Lipschitz function over the orthogonal complement of the dominant
    eigenvector; from every other start of the ball the direction is the theorem's. Both bounds of the remainder come
    from the polynomial's coefficients. *)
From Coq Require Import Reals Lra Lia QArith Qreals List Bool.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude Symmetric ExceptionalSet Eigenvector Theorem1 Polynomial.
Import ListNotations.
Open Scope R_scope.

Lemma monomial_same e : forall n x y, (length e <= n)%nat -> same n x y -> monomial e x = monomial e y.
Proof.
  induction e as [|k e IH]; intros n x y L H; [reflexivity|]. destruct n as [|n]; [simpl in L; lia|].
  cbn [monomial]. rewrite (H 0%nat) by lia. f_equal. apply (IH n); [simpl in L; lia|]. intros i Hi. apply H. lia.
Qed.

Lemma higher_same n p x y : vanishes_at_zero n p = true -> same n x y -> evaluate (higher p) x = evaluate (higher p) y.
Proof.
  unfold higher. intros H E. induction p as [|[c e] p IH]; [reflexivity|].
  unfold vanishes_at_zero in H. cbn [forallb] in H. rewrite !andb_true_iff in H. destruct H as [[_ H2] H3].
  apply Nat.leb_le in H2. specialize (IH H3). cbn [filter]. destruct (Nat.leb 2 (degree e)); [|exact IH].
  cbn [evaluate]. rewrite IH, (monomial_same e n x y H2 E). reflexivity.
Qed.

(** Smaller balls have smaller bounds. *)
Lemma smaller_ball rho C s r : 0 < rho -> 0 <= C -> 0 <= s <= r -> sigma_of rho C r < 1 -> x_of rho C r <= 1 ->
  sigma_of rho C s < 1 /\ x_of rho C s <= 1 /\ tail rho C s <= C * P_of rho C r ^ 2 * s ^ 2 / (rho * (1 - rho)).
Proof.
  intros Hrho HC Hs Hsigma Hx.
  assert (C * s <= C * r) by (apply Rmult_le_compat_l; lra). assert (0 <= C * s) by (apply Rmult_le_pos; lra).
  unfold sigma_of in *. split; [lra|].
  assert (X : 0 <= x_of rho C s <= x_of rho C r).
  { unfold x_of, sigma_of. split; [apply Rdiv_le_0_compat; [assumption|apply Rmult_lt_0_compat; lra]|].
    apply Rmult_le_compat; [assumption| |assumption|].
    - left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
    - apply Rinv_le_contravar; [apply Rmult_lt_0_compat; lra|apply Rmult_le_compat_l; lra]. }
  split; [lra|]. unfold tail, Rdiv. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
  - apply Rmult_le_compat_r; [apply pow2_ge_0|]. apply Rmult_le_compat_l; [exact HC|].
    assert (x_of rho C s ^ 2 <= x_of rho C r ^ 2) by (apply pow_incr; lra).
    assert (0 <= x_of rho C s ^ 2) by apply pow2_ge_0.
    apply pow_incr. unfold P_of. lra.
Qed.

Section EveryStart.
Variables (n : nat) (loss : expression) (minimizer : list Q) (eta : R) (large : bool) (d : nat) (r : R).
Variables (lambda_1 c_1 : R) (v_1 : vector) (lambda_n c_n : R) (v_n : vector).
Let f := value loss.
Let m := vector_of minimizer.
Let gradient (i : nat) := derivative i (expand minimizer loss).
Let H := hessian f m.
Hypothesis ends : simple_ends n H lambda_1 c_1 v_1 lambda_n c_n v_n.
Hypothesis eta_positive : 0 < eta.
Hypothesis r_nonnegative : 0 <= r.
(** m is a critical point, and the polynomial has n variables and a gradient of degree at most d. *)
Hypothesis vanishes : forall i, (i < n)%nat -> vanishes_at_zero n (gradient i) = true.
Hypothesis degrees_bounded : forall i, (i < n)%nat -> degree_at_most d (gradient i) = true.
(** The regime: small step, or large step. *)
Hypothesis regime :
  if large then 2 < eta * (lambda_1 + lambda_n) /\ eta * lambda_n < 2 else eta * (lambda_1 + lambda_n) < 2.

Let v := if large then v_n else v_1.
Let mu := if large then 1 - eta * lambda_n else 1 - eta * lambda_1.
Let rho := Rabs mu.
Let C := remainder_constant n d eta gradient r.
Let Lambda := derivative_constant n eta gradient r.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.
Let y := Lambda * r / (rho * (1 - sigma_of rho C r)).
Hypothesis y_at_most_one : y <= 1.
(** zeta - <v, .> has the Lipschitz constant kappa on the ball. *)
Let kappa := Lambda * P_of rho C r * (1 + y + y ^ 2) * r / (rho * (1 - rho)).
Hypothesis contraction : kappa < 1.

Let B := multiplier_matrix eta H.
Let g (h : vector) : vector := fun i => - eta * evaluate (higher (gradient i)) h.
Let iterate (h : vector) (k : nat) : vector := difference (gradient_descent f eta (fun i => m i + h i) k) m.

(** The start m + h: the amplitude along v, which is the limit of <v, x_k - m> / mu^k, is zero. *)
Definition exceptional (h : vector) : Prop := is_lim_seq (fun k => dot n v (iterate h k) / mu ^ k) 0.

Lemma partial_at_iterate h k i : (i < n)%nat ->
  partial f i (gradient_descent f eta (fun i => m i + h i) k)
  = apply n H (iterate h k) i + evaluate (higher (gradient i)) (iterate h k).
Proof.
  intros Hi. set (x := gradient_descent f eta (fun i => m i + h i) k).
  assert (E : partial f i x = partial f i (fun j => m j + iterate h k j)).
  { assert (P : forall j, x j = m j + iterate h k j) by (intros j; unfold iterate, difference; fold x; ring).
    unfold partial. rewrite (P i). apply Derive_ext. intros t. apply value_pointwise. intros j.
    unfold replace_entry. destruct (Nat.eqb j i); [reflexivity|apply P]. }
  rewrite E. unfold f, m. rewrite partial_of_loss. fold (gradient i).
  rewrite (split_linear n) by (apply vanishes, Hi). f_equal.
  unfold apply. apply dot_same; [|intros j _; reflexivity]. intros j _.
  unfold H, hessian, f, m. rewrite hessian_is_second_derivative. reflexivity.
Qed.

Lemma orbit_is_descent h k : same n (orbit n B g h k) (iterate h k).
Proof.
  induction k as [|k IH]; intros i Hi.
  - unfold iterate, difference. simpl. ring.
  - cbn [orbit]. unfold combination at 1. rewrite (apply_same n B _ _ IH). unfold B at 1.
    rewrite (apply_multiplier n eta H (iterate h k) i Hi). unfold g at 1.
    rewrite (higher_same n _ _ _ (vanishes i Hi) IH).
    unfold iterate at 4. unfold difference. cbn [gradient_descent]. rewrite partial_at_iterate by exact Hi.
    unfold combination, iterate, difference. ring.
Qed.

Lemma C_nonnegative : 0 <= C.
Proof.
  unfold C, remainder_constant. apply Rmult_le_pos; [lra|].
  induction (degrees d) as [|q l IH]; cbn [sum_list]; [lra|].
  apply Rplus_le_le_0_compat; [|exact IH]. apply Rmult_le_pos; [apply norm_nonneg|apply pow_le, r_nonnegative].
Qed.

Lemma remainder_on_ball h : norm n h <= r -> norm n (g h) <= C * norm n h ^ 2.
Proof. intros Hh. apply remainder_bounded; auto. lra. Qed.

Lemma rho_between : 0 < rho < 1.
Proof.
  assert (HC := C_nonnegative). assert (0 <= C * r) by (apply Rmult_le_pos; assumption).
  unfold sigma_of in sigma_below_one. split; [|lra]. unfold rho, mu. destruct large.
  - destruct (large_step_dominates n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive) as (L & _); try apply regime.
    rewrite Rabs_left; lra.
  - destruct (small_step_dominates n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive) as (L & _); try apply regime.
    rewrite Rabs_pos_eq; lra.
Qed.

Lemma unit_v : dot n v v = 1.
Proof. unfold v. destruct large; apply ends. Qed.

Lemma along_v h : dot n v (apply n B h) = mu * dot n v h.
Proof.
  assert (E : same n (apply n B v) (scale mu v)).
  { unfold v, mu, B. destruct large; apply multiplier_eigenvector; apply ends. }
  assert (HB : symmetric n B) by (apply symmetric_multiplier, ends).
  rewrite <- (symmetric_form n B HB), (dot_same n _ _ h h E (fun i _ => eq_refl)), dot_scale_l. reflexivity.
Qed.

Lemma B_shrinks h : norm n (apply n B h) <= rho * norm n h.
Proof.
  assert (R := rho_between).
  apply form_bounds_norm with (V := fun _ => True); auto; [apply symmetric_multiplier, ends|lra|].
  intros x _. unfold B. rewrite form_multiplier.
  assert (F := form_between n H lambda_1 c_1 v_1 lambda_n c_n v_n ends x). assert (N := dot_self_nonneg n x).
  destruct F as [F1 Fn].
  apply (Rmult_le_compat_l eta) in F1, Fn; try lra.
  assert (D := ends_distinct _ _ _ _ _ _ _ _ ends).
  assert (E : eta * lambda_1 < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (Rho : 1 - eta * lambda_1 <= rho /\ eta * lambda_n - 1 <= rho).
  { unfold rho, mu in *. destruct large.
    - destruct regime. assert (1 - eta * lambda_n < 0) by lra. rewrite Rabs_left by assumption. lra.
    - assert (0 < 1 - eta * lambda_1) by lra. rewrite Rabs_pos_eq by lra. lra. }
  destruct Rho as [R1 Rn].
  apply (Rmult_le_compat_r (dot n x x)) in R1, Rn; try exact N. split; lra.
Qed.

Lemma amplitude_is_limit h : norm n h <= r ->
  is_lim_seq (fun k => dot n v (iterate h k) / mu ^ k) (amplitude n B v mu g h).
Proof.
  intros Hh. assert (R := rho_between).
  destruct (amplitude_limit n B v mu C r g) with (h := h) as [L _];
    auto using unit_v, along_v, B_shrinks, C_nonnegative, remainder_on_ball; try apply R.
  apply (is_lim_seq_ext _ _ _ (fun k => f_equal (fun t => t / mu ^ k)
           (dot_same n v v _ _ (fun i _ => eq_refl) (orbit_is_descent h k))) L).
Qed.

Lemma exceptional_iff h : norm n h <= r -> (exceptional h <-> amplitude n B v mu g h = 0).
Proof.
  intros Hh. assert (L := amplitude_is_limit h Hh). unfold exceptional. split.
  - intros E. apply is_lim_seq_unique in L. apply is_lim_seq_unique in E. rewrite L in E. injection E. auto.
  - intros E. rewrite <- E. exact L.
Qed.

(** Off the exceptional set some step has an amplitude beyond its tail. *)
Lemma some_step_decides h : norm n h <= r -> ~ exceptional h ->
  exists k, norm n (iterate h k) <= r /\ tail rho C (norm n (iterate h k)) < Rabs (dot n v (iterate h k)).
Proof.
  intros Hh Off. assert (R := rho_between). assert (HC := C_nonnegative).
  set (zeta := amplitude n B v mu g h).
  assert (Z : 0 < Rabs zeta) by (apply Rabs_pos_lt; intros E; apply Off, exceptional_iff; assumption).
  assert (L := is_lim_seq_abs _ _ (amplitude_is_limit h Hh)). cbn [Rbar_abs] in L. fold zeta in L.
  set (K := C * P_of rho C r ^ 2 * (P_of rho C r * r) ^ 2 / (rho * (1 - rho))).
  assert (G : is_lim_seq (fun k => K * rho ^ k) 0) by (apply scaled_pow_to_zero; lra).
  apply is_lim_seq_spec in L. apply is_lim_seq_spec in G.
  assert (Half : 0 < Rabs zeta / 2) by lra.
  destruct (L (mkposreal _ Half)) as [k1 L1]. destruct (G (mkposreal _ Half)) as [k2 G2]. simpl in L1, G2.
  set (k := max k1 k2). exists k.
  specialize (L1 k ltac:(apply Nat.le_max_l)). specialize (G2 k ltac:(apply Nat.le_max_r)).
  assert (Within : norm n (iterate h k) <= r /\ norm n (iterate h k) <= P_of rho C r * rho ^ k * r).
  { rewrite <- (norm_same n _ _ (orbit_is_descent h k)). split.
    - apply (orbit_within n B mu C r g); auto using B_shrinks, remainder_on_ball; apply R.
    - apply (orbit_decay n B mu C r g); auto using B_shrinks, remainder_on_ball; apply R. }
  destruct Within as [W1 W2]. split; [exact W1|].
  set (s := norm n (iterate h k)) in *. assert (S0 : 0 <= s) by apply norm_nonneg.
  destruct (smaller_ball rho C s r) as (_ & _ & T); auto; [apply R|].
  assert (Rk : 0 < rho ^ k) by (apply pow_lt, R).
  assert (T2 : tail rho C s <= K * rho ^ k * rho ^ k).
  { eapply Rle_trans; [exact T|].
    replace (K * rho ^ k * rho ^ k) with (C * P_of rho C r ^ 2 * (P_of rho C r * rho ^ k * r) ^ 2 / (rho * (1 - rho)))
      by (unfold K; field; lra).
    unfold Rdiv. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra|].
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [exact HC|apply pow2_ge_0]|]. apply pow_incr. lra. }
  unfold Rdiv in L1. rewrite Rabs_mult, Rabs_inv, <- RPow_abs in L1. fold rho in L1.
  apply Rabs_def2 in L1. apply Rabs_def2 in G2.
  assert (A : Rabs zeta / 2 * rho ^ k < Rabs (dot n v (iterate h k))).
  { apply Rmult_lt_reg_r with (/ rho ^ k); [apply Rinv_0_lt_compat, Rk|].
    rewrite Rmult_assoc, Rinv_r by lra. lra. }
  assert (K * rho ^ k * rho ^ k < Rabs zeta / 2 * rho ^ k) by (apply Rmult_lt_compat_r; lra). lra.
Qed.

Lemma remainder_along h s k : s <= r -> norm n (iterate h k) <= s ->
  norm n (fun i => - eta * (partial f i (gradient_descent f eta (fun i => m i + h i) k) - apply n H (iterate h k) i))
  <= C * norm n (iterate h k) ^ 2.
Proof.
  intros Hs Hk. rewrite (norm_same n _ (g (iterate h k))).
  - apply remainder_on_ball. lra.
  - intros i Hi. rewrite partial_at_iterate by exact Hi. unfold g. ring.
Qed.

Theorem every_start_of_a_ball : exists graph : vector -> R,
  (* over every small y orthogonal to v there is one exceptional start, *)
  (forall y, dot n v y = 0 -> norm n y <= r - tail rho C r ->
     Rabs (graph y) <= tail rho C r /\ norm n (combination 1 y (graph y) v) <= r /\
     exceptional (combination 1 y (graph y) v)) /\
  (* and no other; *)
  (forall y t, dot n v y = 0 -> norm n y <= r - tail rho C r -> norm n (combination 1 y t v) <= r ->
     exceptional (combination 1 y t v) -> t = graph y) /\
  (* their heights are Lipschitz; *)
  (forall y z, dot n v y = 0 -> dot n v z = 0 -> norm n y <= r - tail rho C r -> norm n z <= r - tail rho C r ->
     Rabs (graph y - graph z) <= kappa / (1 - kappa) * norm n (difference y z)) /\
  (* from every other start of the ball the direction is the theorem's. *)
  (forall h, norm n h <= r -> ~ exceptional h -> exists step sign, (sign = 1 \/ sign = -1) /\
     direction_claim n eta f m (fun i => m i + h i) step large rho
       (if large then b_large lambda_1 c_n eta else b_small c_1 lambda_n eta) (scale sign v)).
Proof.
  assert (R := rho_between). assert (HC := C_nonnegative).
  assert (HL : 0 <= Lambda).
  { unfold Lambda, derivative_constant. apply Rmult_le_pos; [lra|apply norm_nonneg]. }
  destruct (exceptional_set_is_a_lipschitz_graph n B v mu C Lambda r g) as (G1 & G2 & G3);
    auto using unit_v, along_v, B_shrinks, remainder_on_ball; try apply R.
  { intros h k s Hh Hk Hs. apply remainder_differences_bounded; auto. lra. }
  exists (graph n B v mu g). split; [|split; [|split]].
  - intros z Hz Hs. destruct (G1 z Hz Hs) as (A & W & E). split; [exact A|]. split; [exact W|].
    apply exceptional_iff; assumption.
  - intros z t Hz Hs W E. apply G2; auto. apply exceptional_iff; assumption.
  - exact G3.
  - intros h Hh Off. destruct (some_step_decides h Hh Off) as (k & W & T).
    set (s := norm n (iterate h k)) in *. assert (S0 : 0 <= s) by apply norm_nonneg.
    destruct (smaller_ball rho C s r) as (Sg & Sx & _); auto; [apply R|].
    assert (Signed : forall t, 0 < Rabs t -> sign t = 1 \/ sign t = -1).
    { intros t Ht. destruct (Rlt_le_dec t 0) as [N|P]; [right; apply sign_eq_m1, N|left; apply sign_eq_1].
      destruct P as [P|P]; [exact P|]. rewrite <- P, Rabs_R0 in Ht. lra. }
    assert (T0 : 0 <= tail rho C s).
    { unfold tail. apply Rdiv_le_0_compat; [|apply Rmult_lt_0_compat; lra].
      apply Rmult_le_pos; [apply Rmult_le_pos; [exact HC|]|]; apply pow2_ge_0. }
    assert (Signs := Signed _ (Rle_lt_trans _ _ _ T0 T)).
    exists k. unfold rho, mu, v in R, T, Sg, Sx, Signs |- *. clear Off contraction y_at_most_one.
    assert (Along : forall j, norm n (iterate h j) <= s ->
      norm n (fun i => - eta * (partial f i (gradient_descent f eta (fun i => m i + h i) j) - apply n H (iterate h j) i))
      <= C * norm n (iterate h j) ^ 2) by (intros j; apply remainder_along; exact W).
    destruct large.
    + destruct regime as [L1 L2].
      destruct (large_step_dominates n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive L1 L2) as (Negative & _).
      assert (Modulus : Rabs (1 - eta * lambda_n) = eta * lambda_n - 1) by (rewrite Rabs_left; lra).
      rewrite Modulus in *. exists ((-1) ^ k * sign (dot n v_n (iterate h k))). split.
      * assert (M : (-1) ^ k = 1 \/ (-1) ^ k = -1) by (clear; induction k as [|k [E|E]]; simpl; rewrite ?E; lra).
        destruct M as [-> | ->], Signs as [-> | ->]; lra.
      * exact (large_step n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive f m _ C s k HC (Rle_refl _)
                 Along L1 L2 Sg Sx T).
    + destruct (small_step_dominates n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive regime) as (Positive & _).
      assert (Modulus : Rabs (1 - eta * lambda_1) = 1 - eta * lambda_1) by (apply Rabs_pos_eq; lra).
      rewrite Modulus in *. exists (sign (dot n v_1 (iterate h k))). split; [exact Signs|].
      exact (small_step n H lambda_1 c_1 v_1 lambda_n c_n v_n eta ends eta_positive f m _ C s k HC (Rle_refl _)
               Along regime Sg Sx T).
Qed.
End EveryStart.
